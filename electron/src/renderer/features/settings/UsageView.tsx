/** What was used: tokens and cost by day and model, project and task. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";
import { useState, type ReactNode } from "react";
import { conversationQuery } from "@/api/conversations";
import { projectsQuery } from "@/api/projects";
import type { UsageGroup } from "@/api/types";
import { usageQuery, type UsageGroupBy } from "@/api/usage";
import { SelectField } from "@/components/Field";
import { count, dollars } from "@/components/format";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { UsageChart } from "./UsageChart";
import { dayOf, daysOf, totalOf } from "./usageDays";
import styles from "./UsageView.module.css";

const RANGES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "", label: "All" },
] as const;

export function UsageView() {
  const [range, setRange] = useState("30");
  const [today] = useState(() => Date.now());
  const since = range ? dayOf(today - (Number(range) - 1) * 86_400_000) : undefined;
  const usage = useQuery(usageQuery("day_model", since));
  return (
    <Page
      title="Usage"
      isWide
      trail={<Link to="/settings">Settings</Link>}
      description="Tokens as the providers count them; costs by list prices, which may be outdated. Days are UTC."
      actions={
        <SelectField
          label="Range"
          isLabelHidden
          value={range}
          options={RANGES}
          onChange={(event) => setRange(event.target.value)}
        />
      }
    >
      {usage.isPending && <Loading lines={6} />}
      {usage.isError && <Failed error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.data?.responses === 0 && (
        <Empty icon={<ChartColumn />} title="Nothing was used">
          No turn has run in this time.
        </Empty>
      )}
      {usage.data && usage.data.responses > 0 && (
        <div className={styles.report}>
          <dl className={styles.totals}>
            <Total name="Turns" value={count(usage.data.responses)} />
            <Total name="Input" value={count(usage.data.usage.input_tokens ?? 0)} />
            <Total name="Output" value={count(usage.data.usage.output_tokens ?? 0)} />
            <Total name="From the cache" value={count(usage.data.usage.cache_read_input_tokens ?? 0)} />
            <Total name="Cost" value={dollars(usage.data.cost_usd)} />
          </dl>
          <UsageChart {...daysOf(usage.data.data, dayOf(today))} />
          <DayTable groups={usage.data.data} />
          <Groups
            title="By project"
            by="project"
            since={since}
            name={(group) => <ProjectName id={group.key} />}
          />
          <Groups
            title="By task"
            by="conversation"
            since={since}
            name={(group) => <TaskLink id={group.key} />}
          />
        </div>
      )}
    </Page>
  );
}

const Total = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function DayTable({ groups }: { groups: readonly UsageGroup[] }) {
  return (
    <Table title="By day and model" first={["Day", "Model"]}>
      {groups.map((group) => (
        <Row key={`${group.key ?? ""} ${group.model ?? ""}`} group={group}>
          <th scope="row">{group.key}</th>
          <td>{group.model}</td>
        </Row>
      ))}
    </Table>
  );
}

interface GroupsProps {
  title: string;
  by: UsageGroupBy;
  since: string | undefined;
  name: (group: UsageGroup) => ReactNode;
}

function Groups({ title, by, since, name }: GroupsProps) {
  const usage = useQuery(usageQuery(by, since));
  if (usage.isPending) return <Loading lines={3} />;
  if (usage.isError) return <Failed error={usage.error} onRetry={() => void usage.refetch()} isInline />;
  return (
    <Table title={title} first={[title.replace("By ", "").replace(/^./, (letter) => letter.toUpperCase())]}>
      {usage.data.data.slice(0, 50).map((group) => (
        <Row key={group.key ?? ""} group={group}>
          <th scope="row">{name(group)}</th>
        </Row>
      ))}
    </Table>
  );
}

function Table({ title, first, children }: { title: string; first: string[]; children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {/* Focusable, since it scrolls sideways where the window is narrow. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={title}>
        <table className={styles.table}>
          <thead>
            <tr>
              {[...first, "Turns", "Tokens", "Cost"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </section>
  );
}

const Row = ({ group, children }: { group: UsageGroup; children: ReactNode }) => (
  <tr>
    {children}
    <td>{count(group.responses)}</td>
    <td>{count(totalOf(group.usage))}</td>
    <td>{dollars(group.cost_usd)}</td>
  </tr>
);

function ProjectName({ id }: { id: string | null }) {
  const projects = useQuery(projectsQuery);
  if (id === null) return "No project";
  return (
    <Link to="/projects/$projectId" params={{ projectId: id }}>
      {projects.data?.data.find((project) => project.id === id)?.name ?? "A deleted project"}
    </Link>
  );
}

function TaskLink({ id }: { id: string | null }) {
  const tasks = useQuery({ ...conversationQuery(id ?? ""), enabled: id !== null });
  if (id === null || tasks.isError) return "A deleted task";
  return (
    <Link to="/tasks/$conversationId" params={{ conversationId: id }}>
      {tasks.data?.title ?? "…"}
    </Link>
  );
}
