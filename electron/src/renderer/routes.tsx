/** Every view has a URL; each is loaded when it is first shown. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { Empty, Failed, Loading } from "@/components/States";
import { Frame } from "@/frame/Frame";
import { NotFound } from "@/frame/NotFound";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
/** A version's. */
const number = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined;

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: "/",
    /** `project`: whose task it will be. */
    validateSearch: (search: Record<string, unknown>): { project?: string } => {
      const project = text(search.project);
      return project ? { project } : {};
    },
    component: lazyRouteComponent(() => import("@/features/conversations/NewTaskView"), "NewTaskView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/start",
    component: lazyRouteComponent(() => import("@/features/start/StartView"), "StartView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/tasks/$conversationId",
    /** `item`: the message to show, of a search hit. */
    validateSearch: (search: Record<string, unknown>): { item?: string } => {
      const item = text(search.item);
      return item ? { item } : {};
    },
    component: lazyRouteComponent(
      () => import("@/features/conversations/ConversationView"),
      "ConversationView",
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/tasks",
    /** `status`, `project`: which are listed; `q`: words to find in them. */
    validateSearch: (
      search: Record<string, unknown>,
    ): { status?: "archived"; project?: string; q?: string } => {
      const [project, q] = [text(search.project), text(search.q)];
      return {
        ...(search.status === "archived" && { status: search.status }),
        ...(project && { project }),
        ...(q && { q }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/conversations/TasksView"), "TasksView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/scratchpads/$scratchpadId",
    /** `cell`: the one to show. */
    validateSearch: (search: Record<string, unknown>): { cell?: string } => {
      const cell = text(search.cell);
      return cell ? { cell } : {};
    },
    component: lazyRouteComponent(() => import("@/features/scratchpads/ScratchpadView"), "ScratchpadView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/artifacts",
    /** `project`, `type`, `q`: what the gallery shows; `sort`: else what was saved last comes first. */
    validateSearch: (
      search: Record<string, unknown>,
    ): { project?: string; type?: string; q?: string; sort?: "title" } => {
      const [project, type, q] = [text(search.project), text(search.type), text(search.q)];
      return {
        ...(project && { project }),
        ...(type && { type }),
        ...(q && { q }),
        ...(search.sort === "title" && { sort: search.sort }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/artifacts/ArtifactsView"), "ArtifactsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/artifacts/$artifactId",
    /** `from`, `to`: the versions that are compared; `versions`: they are listed. */
    validateSearch: (search: Record<string, unknown>): { from?: number; to?: number; versions?: true } => {
      const [from, to] = [number(search.from), number(search.to)];
      return {
        ...(from && to && { from, to }),
        ...(search.versions === true && { versions: true }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/artifacts/ArtifactView"), "ArtifactView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/schedules",
    /** `project`, `status`: which are listed. */
    validateSearch: (search: Record<string, unknown>): { project?: string; status?: "active" | "paused" } => {
      const project = text(search.project);
      return {
        ...(project && { project }),
        ...((search.status === "active" || search.status === "paused") && { status: search.status }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/schedules/SchedulesView"), "SchedulesView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/schedules/new",
    /** With what it begins. */
    validateSearch: (
      search: Record<string, unknown>,
    ): { project?: string; cron?: string; prompt?: string } => {
      const [project, cron, prompt] = [text(search.project), text(search.cron), text(search.prompt)];
      return { ...(project && { project }), ...(cron && { cron }), ...(prompt && { prompt }) };
    },
    component: lazyRouteComponent(() => import("@/features/schedules/NewScheduleView"), "NewScheduleView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/schedules/$scheduleId",
    component: lazyRouteComponent(() => import("@/features/schedules/ScheduleView"), "ScheduleView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/schedules/$scheduleId/edit",
    component: lazyRouteComponent(() => import("@/features/schedules/EditScheduleView"), "EditScheduleView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/files",
    /** `project`: whose files; `q`: what is looked for in their text; `sort`: else the newest first. */
    validateSearch: (
      search: Record<string, unknown>,
    ): { project?: string; q?: string; sort?: "name" | "size" } => {
      const [project, q] = [text(search.project), text(search.q)];
      return {
        ...(project && { project }),
        ...(q && { q }),
        ...((search.sort === "name" || search.sort === "size") && { sort: search.sort }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/files/FilesView"), "FilesView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/files/$fileId",
    /** `q`: words to find in its text; `at`: where to begin with them. */
    validateSearch: (search: Record<string, unknown>): { q?: string; at?: string } => {
      const [q, at] = [text(search.q), text(search.at)];
      return { ...(q && { q }), ...(at && { at }) };
    },
    component: lazyRouteComponent(() => import("@/features/files/FileView"), "FileView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/projects",
    component: lazyRouteComponent(() => import("@/features/projects/ProjectsView"), "ProjectsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/projects/$projectId",
    /** `tab`: which part of it; else the overview. */
    validateSearch: (search: Record<string, unknown>): { tab?: string } => {
      const tab = text(search.tab);
      return tab ? { tab } : {};
    },
    component: lazyRouteComponent(() => import("@/features/projects/ProjectView"), "ProjectView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/connectors",
    component: lazyRouteComponent(() => import("@/features/connectors/ConnectorsView"), "ConnectorsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/connectors/new/$specId",
    component: lazyRouteComponent(() => import("@/features/connectors/ConnectView"), "ConnectView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/connectors/$connectionId",
    component: lazyRouteComponent(() => import("@/features/connectors/ConnectionView"), "ConnectionView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/memories",
    /** `project`: where they hold, else everywhere; `source`, `q`: which of them. */
    validateSearch: (
      search: Record<string, unknown>,
    ): { project?: string; source?: "user" | "agent"; q?: string } => {
      const [project, q] = [text(search.project), text(search.q)];
      return {
        ...(project && { project }),
        ...((search.source === "user" || search.source === "agent") && { source: search.source }),
        ...(q && { q }),
      };
    },
    component: lazyRouteComponent(() => import("@/features/memories/MemoriesView"), "MemoriesView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/skills",
    component: lazyRouteComponent(() => import("@/features/skills/SkillsView"), "SkillsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/skills/$skillId",
    component: lazyRouteComponent(() => import("@/features/skills/SkillView"), "SkillView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/approvals",
    component: lazyRouteComponent(() => import("@/features/approvals/ApprovalsView"), "ApprovalsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/settings",
    component: lazyRouteComponent(() => import("@/features/settings/SettingsView"), "SettingsView"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/settings/usage",
    component: lazyRouteComponent(() => import("@/features/settings/UsageView"), "UsageView"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPendingComponent: () => <Loading lines={5} />,
  defaultErrorComponent: ViewFailed,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

/** A view that threw: the frame stays, and it can be tried again. */
function ViewFailed({ error, reset }: ErrorComponentProps) {
  return error instanceof TypeError && /import/i.test(error.message) ? (
    <Empty level={1} title="This view could not be loaded">
      The server may have been updated. <a href={location.href}>Load the window again</a>.
    </Empty>
  ) : (
    <Failed level={1} title="This view has failed" error={error} onRetry={reset} />
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
