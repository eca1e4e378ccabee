/** What two versions of an artifact's page differ in, line by line. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Equal, FileQuestion } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { textsQuery, versionsQuery } from "@/api/artifacts";
import type { Artifact } from "@/api/types";
import { SelectField } from "@/components/Field";
import { plural } from "@/components/format";
import { Empty, Failed, Loading } from "@/components/States";
import styles from "./Comparison.module.css";
import { differences, type Line } from "./differences";

interface ComparisonProps {
  artifact: Artifact;
  from: number;
  to: number;
}

export default function Comparison({
  artifact,
  from,
  to,
  onClose,
}: ComparisonProps & { onClose: () => void }) {
  const texts = useQuery(textsQuery(artifact, from, to));
  const place = useRef<HTMLElement>(null);
  // It takes the place of the page, from which the focus may have come.
  useEffect(() => place.current?.focus(), []);
  return (
    <section ref={place} tabIndex={-1} className={styles.comparison} aria-label="Comparison">
      <header className={styles.header}>
        <h2>What has changed</h2>
        <Chosen artifact={artifact} from={from} to={to} />
        <Link
          to="/artifacts/$artifactId"
          params={{ artifactId: artifact.id }}
          search={{ versions: true }}
          onClick={onClose}
        >
          Back to the page
        </Link>
      </header>
      {texts.isPending && <Loading lines={6} />}
      {texts.isError && <Failed error={texts.error} onRetry={() => void texts.refetch()} />}
      {texts.data && (
        <Compared
          name={texts.data.name}
          before={texts.data.before?.text ?? null}
          after={texts.data.after?.text ?? null}
          isCut={[texts.data.before, texts.data.after].some((one) => one?.isCut)}
        />
      )}
    </section>
  );
}

function Chosen({ artifact, from, to }: ComparisonProps) {
  const versions = useQuery(versionsQuery(artifact.id));
  const navigate = useNavigate({ from: "/artifacts/$artifactId" });
  const known = versions.data?.data.map(({ version }) => version) ?? [];
  const options = [...new Set([...known, from, to])].sort((a, b) => b - a);
  const choices = options.map((version) => ({
    value: String(version),
    label: `Version ${version}${version === artifact.version ? " (current)" : ""}`,
  }));
  const show = (change: { from?: number; to?: number }) =>
    void navigate({ search: (before) => ({ ...before, from, to, ...change }), replace: true });
  return (
    <div className={styles.chosen}>
      <SelectField
        label="From"
        isLabelHidden
        value={String(from)}
        options={choices}
        onChange={(event) => show({ from: Number(event.target.value) })}
      />
      <span aria-hidden>→</span>
      <SelectField
        label="To"
        isLabelHidden
        value={String(to)}
        options={choices}
        onChange={(event) => show({ to: Number(event.target.value) })}
      />
    </div>
  );
}

interface ComparedProps {
  name: string;
  before: string | null;
  after: string | null;
  isCut: boolean;
}

function Compared({ name, before, after, isCut }: ComparedProps) {
  const groups = useMemo(
    () => (before === null || after === null ? [] : differences(before, after)),
    [before, after],
  );
  if (before === null || after === null) {
    return (
      <Empty icon={<FileQuestion />} title="This cannot be compared">
        {name} is no text. Restore a version to look at it; that can be undone.
      </Empty>
    );
  }
  if (groups === null) {
    return (
      <Empty icon={<FileQuestion />} title="They have little in common">
        The versions of {name} differ too much to be compared line by line.
      </Empty>
    );
  }
  if (groups.length === 0) {
    return (
      <Empty icon={<Equal />} title={`${name} is the same in both`}>
        {isCut ? "Of each the first MiB was compared." : "Other files of them may differ."}
      </Empty>
    );
  }
  return (
    <>
      <p className={styles.note}>
        {name}: {summary(groups.flat())}
        {isCut && " Of each the first MiB was compared."}
      </p>
      <Lines groups={groups} />
    </>
  );
}

function summary(lines: readonly Line[]): string {
  const of = (kind: Line["kind"]) => lines.filter((line) => line.kind === kind).length;
  return `${plural(of("added"), "line")} added, ${of("removed").toLocaleString()} removed.`;
}

const WORDS = { same: "", added: "Added: ", removed: "Removed: " } as const;
const SIGNS = { same: "", added: "+", removed: "−" } as const;

const Lines = ({ groups }: { groups: readonly Line[][] }) => (
  // Focusable, since it scrolls.
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <div className={styles.scroll} role="group" aria-label="Differences" tabIndex={0}>
    {groups.map((lines, n) => (
      <div key={n} className={styles.group}>
        {lines.map(({ kind, text, before, after }, place) => (
          <div key={place} className={styles[kind]}>
            <span className={styles.number} aria-hidden>
              {before}
            </span>
            <span className={styles.number} aria-hidden>
              {after}
            </span>
            <span className={styles.sign} aria-hidden>
              {SIGNS[kind]}
            </span>
            <code className={styles.text}>
              <span className="visually-hidden">{WORDS[kind]}</span>
              {text}
            </code>
          </div>
        ))}
      </div>
    ))}
  </div>
);
