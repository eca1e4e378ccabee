/** The messages of a task: a list that renders what is in sight, stays at its end while that grows, and loads upwards. */
import { ArrowDown } from "lucide-react";
import {
  memo,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type FocusEvent,
  type RefObject,
} from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { Answer } from "./Answer";
import { RowKey } from "./opened";
import { Question } from "./Question";
import type { Row } from "./rows";
import styles from "./Thread.module.css";
import type { TurnStore } from "./turnStore";
import { useShownItem } from "./useShownItem";
import { useStickToEnd } from "./useStickToEnd";

interface ThreadProps {
  rows: readonly Row[];
  turns: readonly TurnStore[];
  isBusy: boolean;
  /** Older messages: whether there are any, and how to have them. */
  older: { has: boolean; isLoading: boolean; load: () => void };
  /** The message that the address names. */
  shownItem: string | undefined;
  /** The turn that was begun here last: one wants to see it. */
  begunHere: string | null;
}

/** Pixels of the shortest row: one that is taken for longer than it is throws others out of sight for a moment. */
const ROW = 56;
/** So many of the last rows stay: while the end grows, those before it would come and go with each line. */
const KEPT = 8;
/** So far from the beginning of what is loaded more is asked for. */
const LOAD_AT = 1_500;

export function Thread({ rows, turns, isBusy, older, shownItem, begunHere }: ThreadProps) {
  const list = useRef<VirtualizerHandle>(null);
  const { area, content, isAtEnd, jumpToEnd, letGo } = useStickToEnd();
  const isPrepended = usePrepended(rows);
  const focused = useFocusedRow();
  useShownItem({ rows, older, shownItem, list, letGo });
  useEffect(() => {
    if (begunHere !== null) jumpToEnd();
  }, [begunHere, jumpToEnd]);
  useLoadWhereShort(area, older, rows.length);

  // All rows change with it: that may wait for the message that was just sent, and is then done bit by bit.
  const isBusyForRows = useDeferredValue(isBusy);
  const kept = new Set(Array.from({ length: KEPT }, (_, n) => rows.length - KEPT + n));
  kept.add(rows.findIndex((row) => row.key === focused.key));
  return (
    <div className={styles.thread}>
      {older.isLoading && (
        <p className={styles.older} role="status">
          Loading earlier messages…
        </p>
      )}
      <div
        ref={area}
        className={styles.area}
        role="feed"
        aria-label="Messages"
        aria-busy={older.isLoading}
        {...focused.handlers}
      >
        <div ref={content} className={styles.content}>
          <Virtualizer
            ref={list}
            scrollRef={area}
            data={rows}
            shift={isPrepended}
            itemSize={ROW}
            bufferSize={600}
            keepMounted={[...kept].filter((index) => index >= 0)}
            onScroll={(offset) => {
              if (offset < LOAD_AT && older.has && !older.isLoading) older.load();
            }}
          >
            {(row, index) => (
              <Message
                key={row.key}
                row={row}
                turn={turnOf(row, turns)}
                position={index + 1}
                total={older.has ? -1 : rows.length}
                isLast={index === rows.length - 1}
                isBusy={isBusyForRows}
                isMarked={shownItem !== undefined && row.item?.id === shownItem}
              />
            )}
          </Virtualizer>
        </div>
      </div>
      {!isAtEnd && (
        <Button className={styles.jump} size="small" icon={<ArrowDown />} onClick={jumpToEnd}>
          Jump to the end
        </Button>
      )}
    </div>
  );
}

const turnOf = (row: Row, turns: readonly TurnStore[]): TurnStore | null =>
  row.kind === "answer" ? (turns.find((turn) => turn.responseId === row.responseId) ?? null) : null;

interface MessageProps {
  row: Row;
  turn: TurnStore | null;
  position: number;
  total: number;
  isLast: boolean;
  isBusy: boolean;
  isMarked: boolean;
}

const Message = memo(function Message({
  row,
  turn,
  position,
  total,
  isLast,
  isBusy,
  isMarked,
}: MessageProps) {
  return (
    <article
      className={classes(styles.row, isMarked && styles.marked)}
      aria-label={row.kind === "question" ? "You" : "Cowork"}
      aria-posinset={position}
      aria-setsize={total}
      tabIndex={-1}
      data-key={row.key}
      data-item={row.item?.id}
    >
      <h2 className="visually-hidden">{row.kind === "question" ? "You said" : "Cowork answered"}</h2>
      <RowKey value={row.key}>
        {row.kind === "question" ? (
          <Question item={row.item} text={row.text} isBusy={isBusy} />
        ) : (
          <Answer
            responseId={row.responseId}
            item={row.item}
            question={row.question}
            turn={turn}
            isLast={isLast}
            isBusy={isBusy}
          />
        )}
      </RowKey>
    </article>
  );
});

/** Whether the last change has put rows before the others: then the place is kept from the end. */
function usePrepended(rows: readonly Row[]): boolean {
  const [first, last, count] = [rows[0]?.key, rows.at(-1)?.key, rows.length];
  const [known, setKnown] = useState({ first, last, count, isPrepended: false });
  if (known.first === first && known.last === last && known.count === count) return known.isPrepended;
  const isPrepended = known.count > 0 && known.last === last && known.first !== first && count > known.count;
  setKnown({ first, last, count, isPrepended });
  return isPrepended;
}

/** A row that holds the focus stays, also where it is scrolled out of sight. */
function useFocusedRow() {
  const [key, setKey] = useState<string | null>(null);
  const keyOf = (target: EventTarget | null): string | null =>
    target instanceof Element ? (target.closest<HTMLElement>("[data-key]")?.dataset.key ?? null) : null;
  return {
    key,
    handlers: {
      onFocus: (event: FocusEvent) => setKey(keyOf(event.target)),
      onBlur: (event: FocusEvent) => setKey(keyOf(event.relatedTarget)),
    },
  };
}

/** Where what is loaded does not fill the window there is nothing to scroll. */
function useLoadWhereShort(
  area: RefObject<HTMLElement | null>,
  older: ThreadProps["older"],
  count: number,
): void {
  const latest = useRef(older);
  useLayoutEffect(() => {
    latest.current = older;
  });
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const { has, isLoading, load } = latest.current;
      const place = area.current;
      if (place && place.scrollHeight <= place.clientHeight && has && !isLoading) load();
    });
    return () => cancelAnimationFrame(frame);
  }, [area, count]);
}
