/** What became of each time of a schedule: a strip, the one that is looked at, and all of them as a list. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useId } from "react";
import { scheduleRunsQuery } from "@/api/schedules";
import type { Schedule } from "@/api/types";
import { Button } from "@/components/Button";
import { Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import styles from "./History.module.css";
import { RunList } from "./RunList";
import { SlotDetail } from "./SlotDetail";
import { SlotStrip } from "./SlotStrip";

interface HistoryProps {
  schedule: Schedule;
  /** Null: the newest. */
  shownId: string | null;
  onShow: (runId: string) => void;
}

export function History({ schedule, shownId, onShow }: HistoryProps) {
  const history = useInfiniteQuery(scheduleRunsQuery(schedule.id));
  const panelId = useId();
  const runs = history.data?.pages.flatMap((page) => page.data) ?? [];
  const shown = runs.find((run) => run.id === shownId) ?? runs[0];
  const zone = schedule.timezone;
  return (
    <section className={styles.history} aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.isPending && <Loading lines={2} />}
      {history.isError && !history.data && (
        <Failed error={history.error} onRetry={() => void history.refetch()} isInline />
      )}
      {history.isSuccess && !shown && (
        <p className={styles.muted}>
          None of its times has come yet. Each will be here, whatever becomes of it.
        </p>
      )}
      {shown && (
        <>
          <SlotStrip runs={runs} zone={zone} panelId={panelId} shownId={shown.id} onShow={onShow} />
          <SlotDetail id={panelId} run={shown} zone={zone} onShow={onShow} />
          <RunList runs={runs} zone={zone} />
        </>
      )}
      {history.hasNextPage && (
        <Button
          className={styles.more}
          isBusy={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage({ throwOnError: true }).catch(toastError)}
        >
          Show earlier ones
        </Button>
      )}
    </section>
  );
}
