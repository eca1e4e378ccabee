/** All skills, and the way for one to come in as a file. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FileUp, Plus, WandSparkles } from "lucide-react";
import { useRef } from "react";
import { importSkill, skillsQuery } from "@/api/skills";
import { projectsQuery } from "@/api/projects";
import type { Skill } from "@/api/types";
import { Button } from "@/components/Button";
import { plural } from "@/components/format";
import { Page } from "@/components/Page";
import { RouteButton } from "@/components/RouteButton";
import { Empty, Failed, Loading } from "@/components/States";
import { toast, toastError } from "@/components/toast";
import { useFileDrop } from "@/hooks/useFileDrop";
import { useRenew } from "@/hooks/useRenew";
import styles from "./SkillsView.module.css";

export function SkillsView() {
  const skills = useQuery(skillsQuery);
  const bring = useImport();
  const isOver = useFileDrop(bring);
  return (
    <Page
      title="Skills"
      description="How kinds of tasks are done. The agent reads one where it fits; in a task, / lists them."
      actions={
        <>
          <ImportButton onFiles={bring} />
          <RouteButton
            to="/skills/$skillId"
            params={{ skillId: "new" }}
            kind="primary"
            icon={<Plus aria-hidden />}
          >
            New skill
          </RouteButton>
        </>
      }
    >
      {isOver && (
        <div className={styles.drop} aria-hidden>
          Drop a SKILL.md to import it
        </div>
      )}
      {skills.isPending && <Loading lines={4} />}
      {skills.isError && <Failed error={skills.error} onRetry={() => void skills.refetch()} />}
      {skills.data?.total === 0 && (
        <Empty icon={<WandSparkles />} title="There is no skill yet">
          Write down how something is to be done, say a weekly report, and tasks do it so each time. A
          SKILL.md of another program can be dropped here.
        </Empty>
      )}
      <ul>
        {byName(skills.data?.data ?? []).map((skill) => (
          <Row key={skill.id} skill={skill} />
        ))}
      </ul>
    </Page>
  );
}

const byName = (skills: readonly Skill[]): Skill[] =>
  skills.toSorted((one, other) => one.name.localeCompare(other.name));

function Row({ skill }: { skill: Skill }) {
  const projects = useQuery(projectsQuery);
  const using = projects.data?.data.filter(({ skill_ids }) => skill_ids.includes(skill.id)).length ?? 0;
  return (
    <li className={styles.row}>
      <Link to="/skills/$skillId" params={{ skillId: skill.id }} className={styles.name}>
        {skill.name}
      </Link>
      <p className={styles.description}>{skill.description}</p>
      <p className={styles.facts}>
        {[
          skill.tools.length > 0 ? plural(skill.tools.length, "tool") : "All tools",
          using > 0 ? `Active in ${plural(using, "project")}` : null,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
    </li>
  );
}

function ImportButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        accept=".md,text/markdown"
        multiple
        hidden
        aria-label="SKILL.md to import"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file can be picked again.
          event.target.value = "";
        }}
      />
      <Button icon={<FileUp />} onClick={() => picker.current?.click()}>
        Import SKILL.md
      </Button>
    </>
  );
}

/** One is shown when it is in; of several each is told. */
function useImport(): (files: File[]) => void {
  const renew = useRenew();
  const navigate = useNavigate();
  return (files) => {
    const bring = async (file: File) => {
      const { id, name } = await importSkill(file);
      renew("skills");
      toast(`“${name}” is imported.`);
      if (files.length === 1) await navigate({ to: "/skills/$skillId", params: { skillId: id } });
    };
    for (const file of files) void bring(file).catch(toastError);
  };
}
