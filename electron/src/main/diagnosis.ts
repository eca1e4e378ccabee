/** What the status window says of a server that does not run, and what of it is copied. Pure. */
import type { Status } from "../shared/channels";
import type { Failure } from "./serverState";

const TITLES: Record<Failure["kind"], string> = {
  crashed: "Cowork could not be started",
  "folder-in-use": "Another Cowork works with your data",
  "database-too-new": "Your data are of a newer Cowork",
  "wrong-arguments": "Cowork cannot work with its settings",
  different: "Two versions of Cowork got mixed",
  "not-found": "A part of Cowork is missing",
};

const WHAT_TO_DO: Record<Failure["kind"], string> = {
  crashed:
    "Nothing that was stored is lost. Try again; if that does not help, the diagnosis below tells what happened.",
  "folder-in-use": "End the other one (it may have been started in a terminal), then try again.",
  "database-too-new": "Install the newest version of Cowork. Nothing was changed.",
  "wrong-arguments": "Correct the setting, then try again.",
  different: "Install Cowork again. Nothing was changed.",
  "not-found": "Install Cowork again. Your data lie elsewhere and are not touched by that.",
};
const LINES_SHOWN = 60;

export function diagnose(failure: Failure, tried: readonly string[], said: readonly string[]): Status {
  return {
    phase: "failed",
    title: TITLES[failure.kind],
    words: `${failure.words} ${WHAT_TO_DO[failure.kind]}`,
    tried: [...tried],
    log: said.slice(-LINES_SHOWN),
  };
}

/** As text, to paste into a report. */
export function asText(status: Status, system: string): string {
  const parts = [
    status.title,
    status.words,
    "",
    system,
    "",
    "What was tried:",
    ...status.tried.map((line) => `- ${line}`),
    "",
    "The end of the log:",
    ...status.log,
  ];
  return `${parts.join("\n")}\n`;
}
