/** What a notebook's kernel is doing, in a dot and a word. */
import { useQuery } from "@tanstack/react-query";
import { kernelQuery } from "@/api/scratchpads";
import type { KernelStatus } from "@/api/types";
import { Dot, type Tone } from "@/components/Badge";
import { useCells } from "./context";
import { isActive } from "./entries";
import type { Notebook } from "./Notebook";
import styles from "./ScratchpadView.module.css";

type State = KernelStatus["state"];

const WORDS: Record<State, { words: string; tone: Tone }> = {
  none: { words: "Kernel not started", tone: "neutral" },
  starting: { words: "Kernel starting", tone: "warning" },
  idle: { words: "Kernel idle", tone: "good" },
  busy: { words: "Kernel busy", tone: "accent" },
};

const SOON = 700;
const LATER = 30_000;

/** The server tells of cells, not of kernels: of those it is asked, often while one starts. */
export function useKernel(notebook: Notebook): State {
  const isRunning = useCells(notebook, (cells) => cells.all().some(isActive));
  const { data } = useQuery({
    ...kernelQuery(notebook.scratchpadId),
    refetchInterval: ({ state }) => (isRunning || state.data?.state === "starting" ? SOON : LATER),
  });
  const told = data?.state ?? "none";
  if (isRunning) return told === "none" || told === "starting" ? "starting" : "busy";
  return told === "busy" ? "idle" : told;
}

export function KernelState({ state }: { state: State }) {
  const { words, tone } = WORDS[state];
  return (
    <span className={styles.kernel}>
      <Dot tone={tone} label="" isLive={state === "busy" || state === "starting"} />
      {words}
    </span>
  );
}
