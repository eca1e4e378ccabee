/** What a step did, in words that are made from the tool's name and its arguments. */
import { plural } from "@/components/format";
import { argumentsOf, type TurnCall } from "@/state/turn";
import type { Step } from "./blocks";

export type StepKind =
  | "code"
  | "read"
  | "write"
  | "search"
  | "web"
  | "query"
  | "artifact"
  | "memory"
  | "schedule"
  | "skill"
  | "mail"
  | "task"
  | "ask"
  | "tool"
  | "thought";

interface Tool {
  kind: StepKind;
  /** While it runs, and when it has run: before what it is about. */
  doing: string;
  did: string;
  /** What it is about. */
  about?: (given: Given) => string | undefined;
  /** Where there are several: after their number. */
  several: (n: number) => string;
}

type Given = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const named =
  (...names: string[]) =>
  (given: Given): string | undefined =>
    names.map((name) => text(given[name])).find((found) => found !== undefined);
const quoted = (name: string) => (given: Given) => {
  const found = text(given[name]);
  return found && `“${found}”`;
};
const asked = (given: Given) => {
  const [connection, table] = [text(given.connection), text(given.table)];
  return connection && table ? `${connection}: ${table}` : connection;
};

const TOOLS: Readonly<Record<string, Tool>> = {
  run_code: {
    kind: "code",
    doing: "Running",
    did: "Ran",
    about: aboutCode,
    several: (n) => `ran ${plural(n, "cell")}`,
  },
  read_output: {
    kind: "code",
    doing: "Reading more of a cell's output",
    did: "Read more of a cell's output",
    several: (n) => `read ${plural(n, "output")}`,
  },
  list_files: {
    kind: "search",
    doing: "Looking through the files",
    did: "Looked through the files",
    several: () => "looked through the files",
  },
  read_file: {
    kind: "read",
    doing: "Reading",
    did: "Read",
    about: named("file"),
    several: (n) => `read ${plural(n, "file")}`,
  },
  search_files: {
    kind: "search",
    doing: "Searching the files for",
    did: "Searched the files for",
    about: quoted("query"),
    several: () => "searched the files",
  },
  write_file: {
    kind: "write",
    doing: "Writing",
    did: "Wrote",
    about: named("path"),
    several: (n) => `wrote ${plural(n, "file")}`,
  },
  create_artifact: {
    kind: "artifact",
    doing: "Making",
    did: "Made",
    about: named("title"),
    several: (n) => `made ${plural(n, "artifact")}`,
  },
  update_artifact: {
    kind: "artifact",
    doing: "Changing an artifact",
    did: "Changed an artifact",
    several: () => "changed an artifact",
  },
  read_artifact: {
    kind: "artifact",
    doing: "Reading an artifact",
    did: "Read an artifact",
    several: (n) => `read ${plural(n, "artifact")}`,
  },
  publish_scratchpad: {
    kind: "artifact",
    doing: "Making a report of the notebook:",
    did: "Made a report of the notebook:",
    about: named("title"),
    several: () => "made a report of the notebook",
  },
  remember: {
    kind: "memory",
    doing: "Remembering",
    did: "Remembered",
    about: quoted("content"),
    several: (n) => `remembered ${plural(n, "thing")}`,
  },
  list_memories: {
    kind: "memory",
    doing: "Looking through the memories",
    did: "Looked through the memories",
    several: () => "looked through the memories",
  },
  forget: {
    kind: "memory",
    doing: "Forgetting a memory",
    did: "Forgot a memory",
    several: (n) => `forgot ${plural(n, "memory", "memories")}`,
  },
  use_skill: {
    kind: "skill",
    doing: "Reading the skill",
    did: "Used the skill",
    about: named("name"),
    several: (n) => `used ${plural(n, "skill")}`,
  },
  fetch_page: {
    kind: "web",
    doing: "Fetching",
    did: "Fetched",
    about: (given) => text(given.url)?.replace(/^https?:\/\//, ""),
    several: (n) => `fetched ${plural(n, "page")}`,
  },
  search_conversation: {
    kind: "search",
    doing: "Searching the conversation for",
    did: "Searched the conversation for",
    about: quoted("query"),
    several: () => "searched the conversation",
  },
  list_schedules: {
    kind: "schedule",
    doing: "Looking through the schedules",
    did: "Looked through the schedules",
    several: () => "looked through the schedules",
  },
  save_schedule: {
    kind: "schedule",
    doing: "Saving a schedule",
    did: "Saved a schedule",
    several: (n) => `saved ${plural(n, "schedule")}`,
  },
  describe_connection: {
    kind: "query",
    doing: "Looking at",
    did: "Looked at",
    about: asked,
    several: (n) => `looked at ${plural(n, "connection")}`,
  },
  sql_query: {
    kind: "query",
    doing: "Querying",
    did: "Queried",
    about: asked,
    several: (n) => `ran ${plural(n, "query", "queries")}`,
  },
  run_query: {
    kind: "query",
    doing: "Querying",
    did: "Queried",
    about: asked,
    several: (n) => `ran ${plural(n, "query", "queries")}`,
  },
  http_request: {
    kind: "web",
    doing: "Sending",
    did: "Sent",
    about: (given) => {
      const [connection, path] = [text(given.connection), text(given.path)];
      return connection && path && `${text(given.method) ?? "GET"} ${path} to ${connection}`;
    },
    several: (n) => `sent ${plural(n, "request")}`,
  },
  send_email: {
    kind: "mail",
    doing: "Sending the mail",
    did: "Sent the mail",
    about: quoted("subject"),
    several: (n) => `sent ${plural(n, "mail")}`,
  },
  start_task: {
    kind: "task",
    doing: "Working on",
    did: "Worked on",
    about: named("title", "task"),
    several: (n) => `worked on ${plural(n, "part")}`,
  },
  ask_user: {
    kind: "ask",
    doing: "Asking you",
    did: "Asked you",
    about: quoted("question"),
    several: (n) => `asked you ${plural(n, "question")}`,
  },
};

function toolOf(name: string): Tool {
  const known = TOOLS[name];
  if (known) return known;
  const [connection, tool] = name.split("__");
  const words = connection && tool ? `${readable(tool)} of ${connection}` : readable(name);
  return {
    kind: "tool",
    doing: `Using ${words}`,
    did: `Used ${words}`,
    several: (n) => `used ${plural(n, "tool")}`,
  };
}

const readable = (name: string): string => name.replaceAll("_", " ").trim();

/** A comment in its first line says it best: it comes after a colon. */
function aboutCode(given: Given): string {
  const lines = (text(given.code) ?? "").split("\n").map((line) => line.trim());
  const [first] = lines;
  const comment = first && /^(?:#|--)\s*(?!%%)(.+)$/.exec(first)?.[1];
  if (comment) return `: ${comment}`;
  const language = given.language === "sql" ? "SQL" : "Python";
  const telling = lines.find((line) => line !== "" && !/^(?:import|from|#|--|%)/.test(line)) ?? first;
  return telling ? `${language}: ${telling}` : language;
}

export const kindOf = (part: Step["part"]): StepKind =>
  part.type === "reasoning" ? "thought" : toolOf(part.name).kind;

/** One line about a step. */
export function wordsOf(part: Step["part"], isRunning: boolean): string {
  if (part.type === "reasoning") return isRunning ? "Thinking" : "Thought about it";
  const tool = toolOf(part.name);
  // What has failed was not done; code that failed was run nevertheless.
  const isUndone = isRunning || (part.status === "error" && tool.kind !== "code");
  const verb = isUndone ? tool.doing : tool.did;
  const about = tool.about?.(argumentsOf(part));
  // The author's own words need no verb before them.
  if (tool.kind === "code" && about?.startsWith(": ")) return oneLine(about.slice(2));
  if (tool.kind === "ask" && about && part.status === "success") {
    return `${verb} ${oneLine(about)} – ${oneLine(part.output)}`;
  }
  return about === undefined ? verb.replace(/( for|:)$/, "") : `${verb} ${oneLine(about)}`;
}

const LONGEST = 140;

function oneLine(words: string): string {
  const line = words.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** Many steps in few words: "Ran 3 cells, read 2 files". */
export function summaryOf(steps: readonly Step[]): string {
  const counts = new Map<string, { tool: Tool; n: number }>();
  for (const { part } of steps) {
    if (part.type === "reasoning") continue;
    const tool = toolOf(part.name);
    const key = tool.several(2);
    counts.set(key, { tool, n: (counts.get(key)?.n ?? 0) + 1 });
  }
  const [only] = steps.filter(({ part }) => part.type === "tool_call");
  if (!only) return "Thought about it";
  if ([...counts.values()].reduce((sum, { n }) => sum + n, 0) === 1) return wordsOf(only.part, false);
  const words = [...counts.values()].map(({ tool, n }) => tool.several(n)).join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const isFailed = (part: Step["part"]): part is TurnCall =>
  part.type === "tool_call" && part.status === "error";
