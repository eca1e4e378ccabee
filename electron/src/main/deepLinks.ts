/** `cowork://conversation/conv_...` and its like: which of the app's paths they mean. Pure. */

export const SCHEME = "cowork";

const ONE: Record<string, (id: string) => string> = {
  conversation: (id) => `/tasks/${id}`,
  task: (id) => `/tasks/${id}`,
  project: (id) => `/projects/${id}`,
  artifact: (id) => `/artifacts/${id}`,
  schedule: (id) => `/schedules/${id}`,
  scratchpad: (id) => `/scratchpads/${id}`,
  file: (id) => `/files/${id}`,
  skill: (id) => `/skills/${id}`,
  connection: (id) => `/connectors/${id}`,
};
const ALL = new Set([
  "tasks",
  "projects",
  "artifacts",
  "schedules",
  "files",
  "connectors",
  "memories",
  "skills",
  "approvals",
  "settings",
]);

/** The path to show. Null: it is none of ours, or nothing that a link may do; links never do more than show. */
export function pathOf(link: string): string | null {
  if (!URL.canParse(link)) return null;
  const url = new URL(link);
  if (url.protocol !== `${SCHEME}:`) return null;
  const [what = "", id, ...rest] = `${url.host}${url.pathname}`.split("/").filter((part) => part !== "");
  if (rest.length > 0) return null;
  if (id === undefined) return ALL.has(what) ? `/${what}` : what === "" ? "/" : null;
  const path = Object.hasOwn(ONE, what) ? ONE[what] : undefined;
  return path && /^[a-z]+_[0-9a-z]{1,40}$/.test(id) ? path(id) : null;
}

/** The link among a program's arguments, as Windows and Linux hand it over. */
export function linkIn(commandLine: readonly string[]): string | null {
  return commandLine.findLast((argument) => argument.startsWith(`${SCHEME}:`)) ?? null;
}
