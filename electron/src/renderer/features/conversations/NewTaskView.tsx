/** A new task: what is to be done, for which project, and what one could begin with. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Navigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { ApiError } from "@/api/client";
import { conversationQuery, conversationsQuery } from "@/api/conversations";
import { projectsQuery } from "@/api/projects";
import { sendMessage } from "@/api/responses";
import { healthQuery } from "@/api/settings";
import { useTitle } from "@/components/Page";
import { Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useShowTask } from "@/hooks/useShowTask";
import { chooseModel, clearDraft, NEW, readModelChoice, useDraft, type Draft } from "@/state/draft";
import { markStarted, useStarted } from "@/state/started";
import { ComposerBox } from "./ComposerBox";
import { forgetPlace, leavePlace, placeOfNewTask, settledPlace } from "./newTask";
import styles from "./NewTaskView.module.css";
import { ProjectPicker } from "./ProjectPicker";
import { RecentTasks } from "./RecentTasks";
import { Suggestions } from "./Suggestions";

export function NewTaskView() {
  useTitle("New task");
  const first = useFirstStart();
  if (first === "unknown") return <Loading lines={3} />;
  if (first === "yes") return <Navigate to="/start" replace />;
  return <NewTask />;
}

/** Whether nobody has worked here yet. */
function useFirstStart(): "yes" | "no" | "unknown" {
  const isStarted = useStarted();
  const health = useQuery({ ...healthQuery, enabled: !isStarted });
  const tasks = useInfiniteQuery({ ...conversationsQuery({ status: "active" }), enabled: !isStarted });
  if (isStarted || health.isError || tasks.isError) return "no";
  if (!health.data || !tasks.data) return "unknown";
  return !health.data.model_configured && tasks.data.pages[0]?.total === 0 ? "yes" : "no";
}

function NewTask() {
  const { project: asked } = useSearch({ from: "/" });
  const projects = useQuery(projectsQuery);
  const isGone = asked !== undefined && projects.data?.data.every(({ id }) => id !== asked) === true;
  const projectId = isGone ? null : (asked ?? null);
  const begin = useBegin(projectId);
  useKeptPlace();
  usePreloadedTask();

  return (
    <div className={styles.scroll}>
      <div className={styles.page}>
        <h1 className={styles.greeting}>{greeting(new Date())}</h1>
        <p className={styles.question}>What would you like done?</p>
        {isGone && (
          <p className={styles.gone} role="status">
            The project of this link is gone. The task will have none.
          </p>
        )}
        <ComposerBox
          draftKey={NEW}
          taskKey={NEW}
          projectId={projectId}
          label="What is to be done"
          placeholder="Describe the task, or / for a skill. Drop files anywhere."
          place={() => placeOfNewTask(projectId)}
          submit={begin}
          onBare={() => void leavePlace().catch(toastError)}
          tools={<ProjectPicker projectId={projectId} />}
          isLarge
        />
        <Suggestions projectId={projectId} />
        <RecentTasks />
      </div>
    </div>
  );
}

function greeting(now: Date): string {
  const hour = now.getHours();
  if (hour < 5 || hour >= 18) return "Good evening";
  return hour < 12 ? "Good morning" : "Good afternoon";
}

function useBegin(projectId: string | null): (draft: Draft) => Promise<void> {
  const show = useShowTask();
  return async (draft) => {
    const model = readModelChoice(NEW);
    const { id, files } = await settledPlace(projectId, draft);
    const response = await sendMessage(id, {
      text: draft.text,
      fileIds: files.map((file) => file.id),
      skillIds: draft.skills.map((skill) => skill.id),
      model,
    });
    if (model !== null) chooseModel(id, model);
    chooseModel(NEW, null);
    clearDraft(NEW);
    markStarted();
    await show(response);
  };
}

/** Somebody may have deleted the conversation that holds the draft's files, and them with it. */
function useKeptPlace(): void {
  const id = useDraft(NEW).conversation?.id;
  const { error } = useQuery({ ...conversationQuery(id ?? ""), enabled: id !== undefined });
  const isGone = id !== undefined && error instanceof ApiError && error.status === 404;
  useEffect(() => {
    if (isGone) forgetPlace();
  }, [isGone]);
}

/** The task's view is there when it is gone to. */
function usePreloadedTask(): void {
  const router = useRouter();
  useEffect(() => {
    void router.loadRouteChunk(router.routesByPath["/tasks/$conversationId"]);
  }, [router]);
}
