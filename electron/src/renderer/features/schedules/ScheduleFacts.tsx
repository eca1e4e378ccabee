/** When a schedule runs next, whose it is, where it runs, and what it may use and has used. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { conversationQuery } from "@/api/conversations";
import { projectsQuery } from "@/api/projects";
import type { Budget, ScheduleDetail, Spent } from "@/api/types";
import { count, dollars, plural } from "@/components/format";
import styles from "./ScheduleView.module.css";
import { DueTime } from "./times";
import { LIMIT_FIELDS, LIMITS } from "./values";

export function ScheduleFacts({ schedule }: { schedule: ScheduleDetail }) {
  const { next_run_at, timezone, spent_this_month } = schedule;
  return (
    <dl className={styles.facts}>
      <Fact name="Next run">
        {next_run_at === null ? "None while it is paused" : <DueTime at={next_run_at} zone={timezone} />}
      </Fact>
      <Fact name="Project">
        <ProjectName id={schedule.project_id} />
      </Fact>
      <Fact name="Where it runs">
        {schedule.conversation_id === null ? (
          "A new task each time"
        ) : (
          <Target id={schedule.conversation_id} />
        )}
      </Fact>
      <Fact name="Budget">{budgetWords(schedule.budget)}</Fact>
      <Fact name="Used this month">{spentWords(spent_this_month)}</Fact>
    </dl>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function ProjectName({ id }: { id: string }) {
  const projects = useQuery(projectsQuery);
  const name = projects.data?.data.find((project) => project.id === id)?.name ?? "A project";
  return (
    <Link to="/projects/$projectId" params={{ projectId: id }}>
      {name}
    </Link>
  );
}

function Target({ id }: { id: string }) {
  const task = useQuery(conversationQuery(id));
  return (
    <Link to="/tasks/$conversationId" params={{ conversationId: id }}>
      {task.data?.title ?? "One task"}
    </Link>
  );
}

function budgetWords(budget: Budget): string {
  const limits = LIMIT_FIELDS.flatMap((field) => {
    const value = budget[field];
    if (value == null) return [];
    return `${field.endsWith("usd") ? dollars(value) : count(value)} ${LIMITS[field].unit}`;
  });
  return limits.length > 0 ? limits.join(", ") : "None of its own";
}

function spentWords({ runs, tokens, cost_usd }: Spent): string {
  if (runs === 0) return "Nothing";
  const cost = cost_usd === null ? "at an unknown price" : dollars(cost_usd);
  return [plural(runs, "run"), ...(tokens > 0 ? [`${count(tokens)} tokens`, cost] : [])].join(", ");
}
