/** One cell: its place in the list, its keys, and the focus that goes from cell to cell. */
import { memo, useLayoutEffect, useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import { classes } from "@/components/classes";
import { CellConflict } from "./CellConflict";
import { CellGutter } from "./CellGutter";
import { CellOutput } from "./CellOutput";
import styles from "./CellRow.module.css";
import { CellSource } from "./CellSource";
import { CellTools } from "./CellTools";
import { useCells, useEntry, useShared } from "./context";
import { labelOf } from "./entries";
import { CommandKeys } from "./keys";
import { useNear } from "./useNear";

export const CellRow = memo(function CellRow({ cellKey, place }: { cellKey: string; place: number }) {
  const { notebook, perform, scroller } = useShared();
  const entry = useEntry(cellKey);
  const isChosen = useCells(notebook, (cells) => cells.chosen === cellKey);
  const isEditing = useCells(notebook, (cells) => cells.chosen === cellKey && cells.isEditing);
  const ask = useCells(notebook, (cells) => (cells.ask?.key === cellKey ? cells.ask : null));
  const cell = useRef<HTMLDivElement>(null);
  const isNear = useNear(cell, scroller);
  const [keys] = useState(() => new CommandKeys());

  useLayoutEffect(() => {
    if (ask?.mode === "command") cell.current?.focus({ preventScroll: true });
    if (ask) cell.current?.scrollIntoView({ block: "nearest" });
  }, [ask]);

  if (!entry) return null;

  const press = (event: KeyboardEvent) => {
    // Of the buttons and editors in it, keys mean something else.
    if (event.target !== cell.current || event.nativeEvent.isComposing) return;
    const deed = keys.read(event.nativeEvent);
    if (deed === null) return;
    event.preventDefault();
    if (deed !== "waits") perform(deed, cellKey);
  };
  const focus = (event: FocusEvent) =>
    notebook.cells.choose(cellKey, isEditor(event.target) ? "edit" : "command");
  const blur = (event: FocusEvent) => {
    // Where the whole window loses the focus, it comes back to where it was.
    if (isEditing && document.hasFocus() && !event.currentTarget.contains(event.relatedTarget)) {
      notebook.cells.choose(cellKey, "command");
    }
  };

  return (
    <li className={styles.row}>
      {/* Cells are walked through by arrow keys, as in every notebook: one of them takes the focus by Tab. */}
      {/* eslint-disable jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={cell}
        role="group"
        aria-label={labelOf(entry, place)}
        tabIndex={isChosen ? 0 : -1}
        className={classes(styles.cell, isChosen && styles.chosen, isEditing && styles.editing)}
        onKeyDown={press}
        onFocus={focus}
        onBlur={blur}
      >
        {/* eslint-enable jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions */}
        <CellGutter entry={entry} place={place} isChosen={isChosen} />
        <div className={styles.body}>
          <CellSource entry={entry} place={place} isNear={isNear} isEditing={isEditing} ask={ask} />
          <CellConflict entry={entry} />
          <CellOutput entry={entry} isChosen={isChosen} />
        </div>
        {(isNear || isChosen) && <CellTools entry={entry} place={place} isChosen={isChosen} />}
      </div>
    </li>
  );
});

const isEditor = (target: Element): boolean => target.closest("[contenteditable], textarea") !== null;
