/** The life of the server's process as a table: what it is in, and what follows from what happens. Pure. */
import { MOST_CRASHES, recent } from "./crashLimit";

/** How one try ended. */
export interface Crash {
  /** By a clock that is never set, in ms. */
  at: number;
  words: string;
}

export interface Failure {
  /** `different`: server and shell are of different versions. */
  kind: "crashed" | "folder-in-use" | "database-too-new" | "wrong-arguments" | "different" | "not-found";
  words: string;
}

/** Which are tried, one after the other: another user of this machine may have the first. The last is 0, which takes any. */
export type Ports = readonly [first: number, ...others: number[]];

export type ServerState =
  | { name: "stopped" }
  | { name: "starting"; ports: Ports; crashes: readonly Crash[] }
  | { name: "ready"; url: string; port: number; pid: number; crashes: readonly Crash[] }
  /** Until it is started again. */
  | { name: "waiting"; ports: Ports; milliseconds: number; crashes: readonly Crash[] }
  | { name: "failed"; failure: Failure; crashes: readonly Crash[] }
  | { name: "stopping" };

export type Happening =
  | { name: "start"; ports: Ports }
  | { name: "ready"; url: string; port: number; pid: number }
  | { name: "exited"; code: number | null; signal: string | null; at: number; said: string }
  | { name: "refused"; failure: Failure }
  | { name: "due" }
  | { name: "stop" };

const FIRST_WAIT = 250;

/** The server's exit codes that mean something (docs/server.md). */
const EXIT = { wrongArguments: 2, folderInUse: 3, databaseTooNew: 4, portTaken: 5 } as const;

export const STOPPED: ServerState = { name: "stopped" };

/** The state after something happened; the same one where it means nothing now. */
export function next(state: ServerState, happening: Happening): ServerState {
  switch (happening.name) {
    case "start":
      return state.name === "stopped" || state.name === "failed"
        ? { name: "starting", ports: happening.ports, crashes: [] }
        : state;
    case "ready":
      return state.name === "starting" ? { ...happening, name: "ready", crashes: state.crashes } : state;
    case "refused":
      return state.name === "starting"
        ? { name: "failed", failure: happening.failure, crashes: state.crashes }
        : state;
    case "due":
      return state.name === "waiting"
        ? { name: "starting", ports: state.ports, crashes: state.crashes }
        : state;
    case "stop":
      return state.name === "starting" || state.name === "ready" ? { name: "stopping" } : afterStop(state);
    case "exited":
      return afterExit(state, happening);
  }
}

const afterStop = (state: ServerState): ServerState => (state.name === "stopping" ? state : STOPPED);

function afterExit(state: ServerState, end: Happening & { name: "exited" }): ServerState {
  if (state.name === "stopping") return STOPPED;
  if (state.name !== "starting" && state.name !== "ready") return state;
  if (state.name === "starting") {
    const final = finalFailure(end.code, end.said);
    if (final) return { name: "failed", failure: final, crashes: state.crashes };
    const [, next, ...others] = state.ports;
    if (end.code === EXIT.portTaken && next !== undefined) return { ...state, ports: [next, ...others] };
  }
  const crashes = [...recent(state.crashes, end.at), { at: end.at, words: describeEnd(state.name, end) }];
  if (crashes.length >= MOST_CRASHES) {
    const words = "Cowork's server ended again and again, so it is not started any more.";
    return { name: "failed", failure: { kind: "crashed", words }, crashes };
  }
  // The page is of this origin: on the same port it goes on as if nothing had been.
  const ports: Ports = state.name === "ready" ? [state.port, 0] : state.ports;
  const milliseconds = FIRST_WAIT * 2 ** (crashes.length - 1);
  return { name: "waiting", ports, milliseconds, crashes };
}

function finalFailure(code: number | null, said: string): Failure | null {
  switch (code) {
    case EXIT.wrongArguments:
      return { kind: "wrong-arguments", words: said || "Cowork's server cannot work with its settings." };
    case EXIT.folderInUse:
      return { kind: "folder-in-use", words: said || "Another Cowork works in the data folder." };
    case EXIT.databaseTooNew:
      return { kind: "database-too-new", words: said || "The data are of a newer Cowork than this one." };
    default:
      return null;
  }
}

function describeEnd(was: "starting" | "ready", end: Happening & { name: "exited" }): string {
  const how = end.signal ? `was ended by ${end.signal}` : `ended with code ${end.code ?? "unknown"}`;
  return `The server ${how} ${was === "starting" ? "while it started" : "while it ran"}.`;
}
