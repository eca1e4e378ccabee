/** The mark of a slot: by shape, sign and colour, so that none of them is needed to tell it. */
import { Check, ChevronsRight, Clock, Hourglass, LoaderCircle, Minus, X } from "lucide-react";
import type { ScheduleRun } from "@/api/types";
import { classes } from "@/components/classes";
import styles from "./SlotMark.module.css";
import { slotKind, type SlotKind } from "./slots";

const SIGNS: Record<SlotKind, typeof Check> = {
  ran: Check,
  late: Clock,
  failed: X,
  skipped: ChevronsRight,
  missed: Minus,
  running: LoaderCircle,
  waiting: Hourglass,
};

interface SlotMarkProps {
  kind: SlotKind;
  /** It was asked for, and is no slot. */
  isAskedFor?: boolean;
}

export function SlotMark({ kind, isAskedFor = false }: SlotMarkProps) {
  const Sign = SIGNS[kind];
  return (
    <span className={classes(styles.mark, styles[kind], isAskedFor && styles.askedFor)} aria-hidden>
      <Sign strokeWidth={2.5} />
    </span>
  );
}

export const RunMark = ({ run }: { run: ScheduleRun }) => (
  <SlotMark kind={slotKind(run)} isAskedFor={run.trigger === "manual"} />
);
