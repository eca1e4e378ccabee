/** What a cell says: code in an editor, prose as it reads, or in an editor while it is written. */
import { useLayoutEffect, useState } from "react";
import { classes } from "@/components/classes";
import {
  CodeEditor,
  CodeText,
  type CodeEditorHandle,
  type CodeLanguage,
  type EditorKey,
} from "@/components/CodeEditor";
import { Markdown } from "@/components/Markdown";
import type { FocusAsk } from "./CellStore";
import styles from "./CellSource.module.css";
import { completionsAt } from "./completions";
import { useShared } from "./context";
import { textOf, type Entry } from "./entries";
import type { Deed } from "./keys";

interface CellSourceProps {
  entry: Entry;
  place: number;
  /** It may be seen soon; until then an editor is not needed. */
  isNear: boolean;
  isEditing: boolean;
  ask: FocusAsk | null;
}

export function CellSource({ entry, place, isNear, isEditing, ask }: CellSourceProps) {
  const { notebook, perform } = useShared();
  const [editor, setEditor] = useState<CodeEditorHandle | null>(null);
  useLayoutEffect(() => {
    if (ask?.mode === "edit") editor?.focus(ask.place);
  }, [ask, editor]);

  const { key } = entry;
  const text = textOf(entry);
  const isProse = entry.cell.type === "markdown";
  const language = languageOf(entry);

  if (isProse && !isEditing) {
    // By keyboard it is Enter, which the cell hears.
    return (
      <div className={styles.prose} onDoubleClick={() => perform("edit", key)}>
        {text.trim() ? <Markdown text={text} /> : <p className={styles.hint}>Empty: press Enter to write.</p>}
      </div>
    );
  }
  return (
    <div className={classes(styles.source, isProse && styles.ofProse)}>
      {isNear || isEditing ? (
        <CodeEditor
          ref={setEditor}
          value={text}
          onChange={(typed) => notebook.type(key, typed)}
          language={language}
          label={`${isProse ? "Text" : "Code"} of cell ${place}. Escape leaves it.`}
          isSkippedByTab={!isEditing}
          onKey={(pressed, edge) => {
            if (pressed !== "up" && pressed !== "down") {
              perform(DEEDS[pressed], key);
              return true;
            }
            const next =
              pressed === "up"
                ? edge.isFirst && notebook.cells.near(key, -1)
                : edge.isLast && notebook.cells.near(key, 1);
            if (!next || next === key) return false;
            const isCode = notebook.cells.entry(next)?.cell.type === "code";
            notebook.cells.focus(next, isCode ? "edit" : "command", pressed === "up" ? "end" : "start");
            return true;
          }}
          {...(language === "python"
            ? {
                complete: (code, cursor, signal) =>
                  completionsAt(notebook.scratchpadId, code, cursor, signal),
              }
            : {})}
        />
      ) : (
        <CodeText text={text} />
      )}
    </div>
  );
}

const DEEDS: Record<Exclude<EditorKey, "up" | "down">, Deed> = {
  "shift+enter": "runNext",
  "mod+enter": "run",
  "alt+enter": "runBelow",
  escape: "leave",
};

function languageOf({ cell }: Entry): CodeLanguage {
  if (cell.type === "markdown") return "markdown";
  return cell.language === "python" || cell.language === "sql" ? cell.language : "text";
}
