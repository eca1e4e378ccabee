/** The settings that are numbers: where each stands, what it means and in which unit it is written. */
import type { Settings } from "@/api/types";
import type { Unit } from "./units";

export type Group = keyof Pick<
  Settings,
  "limits" | "approvals" | "kernels" | "memories" | "files" | "schedules"
>;

interface NumberField {
  group: Group;
  name: string;
  label: string;
  hint: string;
  unit: Unit;
  /** What no value means, where there may be none. */
  empty?: string;
}

export const NUMBERS: readonly NumberField[] = [
  {
    group: "limits",
    name: "rounds",
    label: "Rounds",
    hint: "Calls of the model in one turn.",
    unit: "count",
  },
  { group: "limits", name: "seconds", label: "Time", hint: "How long one turn may work.", unit: "seconds" },
  {
    group: "limits",
    name: "tokens",
    label: "Tokens",
    hint: "Of all rounds of a turn together.",
    unit: "count",
  },
  {
    group: "limits",
    name: "output_tokens",
    label: "Output tokens",
    hint: "Of one call of the model.",
    unit: "count",
  },
  {
    group: "limits",
    name: "cost_usd",
    label: "Cost in US dollars",
    hint: "Of one turn, by list prices. At a limit a turn ends and keeps its text.",
    unit: "dollars",
    empty: "No limit",
  },
  {
    group: "limits",
    name: "context_tokens",
    label: "Context",
    hint: "The model’s window in tokens: before it is full, a summary takes the place of the older part.",
    unit: "count",
  },
  {
    group: "limits",
    name: "retries",
    label: "Retries",
    hint: "Repetitions of a call that failed before its first word.",
    unit: "count",
  },
  {
    group: "approvals",
    name: "wait_seconds",
    label: "How long a scheduled run waits",
    hint: "For an answer; then the call fails.",
    unit: "seconds",
  },
  {
    group: "kernels",
    name: "idle_seconds",
    label: "Shut down when idle for",
    hint: "The variables are gone then.",
    unit: "seconds",
  },
  {
    group: "kernels",
    name: "timeout_seconds",
    label: "How long a cell may run",
    hint: "Where the run itself does not say.",
    unit: "seconds",
    empty: "As long as it takes",
  },
  {
    group: "kernels",
    name: "output_bytes",
    label: "Output that is kept of a cell",
    hint: "Where it is cut, the cell says so.",
    unit: "bytes",
  },
  {
    group: "memories",
    name: "characters",
    label: "Memories in a turn",
    hint: "How many characters of them a turn is told; 0: none.",
    unit: "count",
  },
  {
    group: "files",
    name: "largest_bytes",
    label: "Largest file",
    hint: "That can be uploaded.",
    unit: "bytes",
  },
  {
    group: "schedules",
    name: "concurrency",
    label: "Scheduled runs at the same time",
    hint: "Others wait.",
    unit: "count",
  },
  {
    group: "schedules",
    name: "grace_seconds",
    label: "Catch up with what was missed within",
    hint: "The newest slot that this machine slept through runs if it is younger.",
    unit: "seconds",
  },
  {
    group: "schedules",
    name: "pause_after",
    label: "Pause a schedule after failures in a row",
    hint: "It says so then.",
    unit: "count",
    empty: "Never",
  },
];
