/** CodeMirror as this app sets it up; `CodeEditor` loads it when the first editor is shown. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { Compartment, EditorState, Prec, Transaction, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  keymap,
  placeholder as placeholderOf,
  tooltips,
  type KeyBinding,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { CodeLanguage, Completions, EditorKey, Looks } from "./CodeEditor";

/** A change that was not made here: it cannot be undone here either. */
const ELSEWHERE = [Transaction.remote.of(true), Transaction.addToHistory.of(false)];

/** What an editor asks of the component around it, which may change while it lives. */
export interface Around {
  onChange: (text: string) => void;
  /** True where the key has been taken. */
  onKey: (key: EditorKey, edge: Edge) => boolean;
  complete: (code: string, cursor: number, signal: AbortSignal) => Promise<Completions | null>;
}

/** Whether the cursor is where an arrow key would leave the text. */
export interface Edge {
  isFirst: boolean;
  isLast: boolean;
}

export interface Editor {
  focus: (place?: "start" | "end") => void;
  show: (text: string) => void;
  look: (looks: Looks) => void;
  destroy: () => void;
}

export function createEditor(parent: HTMLElement, text: string, looks: Looks, around: Around): Editor {
  const look = new Compartment();
  const language = new Compartment();
  let shown: CodeLanguage | null = null;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.high(keymap.of(keysOf(around))),
        history(),
        drawSelection(),
        EditorState.allowMultipleSelections.of(true),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({
          activateOnTyping: false,
          icons: false,
          interactionDelay: 0,
          override: [(context) => completionsOf(context, around)],
        }),
        // Not in the cell, which may cut off what is beyond it.
        tooltips({ parent: document.body }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        THEME,
        syntaxHighlighting(COLOURS),
        look.of(lookOf(looks)),
        language.of([]),
        EditorView.updateListener.of((update) => {
          const isOwn = update.transactions.some((one) => one.annotation(Transaction.remote));
          if (update.docChanged && !isOwn) around.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });

  const speak = async (name: CodeLanguage) => {
    shown = name;
    const loaded = await languageOf(name);
    if (shown === name) view.dispatch({ effects: language.reconfigure(loaded) });
  };
  void speak(looks.language);

  return {
    focus: (place) => {
      view.focus();
      const { head } = view.state.selection.main;
      const anchor = place === "start" ? 0 : place === "end" ? view.state.doc.length : head;
      view.dispatch({ selection: place ? { anchor } : view.state.selection, scrollIntoView: true });
    },
    show: (next) => {
      const change = changeBetween(view.state.doc.toString(), next.replace(/\r\n?/g, "\n"));
      if (change) view.dispatch({ changes: change, annotations: ELSEWHERE });
    },
    look: (next) => {
      view.dispatch({ effects: look.reconfigure(lookOf(next)) });
      if (next.language !== shown) void speak(next.language);
    },
    destroy: () => {
      shown = null;
      view.destroy();
    },
  };
}

/** The smallest piece that differs, so that the cursor stays where it is. */
function changeBetween(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from += 1;
  let end = 0;
  while (end < most - from && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

function lookOf({ label, placeholder, isReadOnly, isSkippedByTab }: Looks): Extension {
  return [
    EditorView.contentAttributes.of({
      "aria-label": label,
      ...(isSkippedByTab ? { tabindex: "-1" } : {}),
    }),
    placeholder ? placeholderOf(placeholder) : [],
    isReadOnly ? [EditorState.readOnly.of(true)] : [],
  ];
}

const KEYS: Record<EditorKey, string[]> = {
  "shift+enter": ["Shift-Enter"],
  "mod+enter": ["Ctrl-Enter", "Mod-Enter"],
  "alt+enter": ["Alt-Enter"],
  escape: ["Escape"],
  up: ["ArrowUp"],
  down: ["ArrowDown"],
};

function keysOf(around: Around): KeyBinding[] {
  const own = Object.entries(KEYS).flatMap(([name, keys]) =>
    keys.map((key) => ({ key, run: (view: EditorView) => around.onKey(name as EditorKey, edgeOf(view)) })),
  );
  return [...own, { key: "Tab", run: completeOrIndent, shift: indentLess }];
}

function edgeOf({ state }: EditorView): Edge {
  const { main } = state.selection;
  return {
    isFirst: main.empty && state.doc.lineAt(main.head).from === 0,
    isLast: main.empty && state.doc.lineAt(main.head).to === state.doc.length,
  };
}

function completeOrIndent(view: EditorView): boolean {
  if (acceptCompletion(view)) return true;
  const { main } = view.state.selection;
  const line = view.state.doc.lineAt(main.head);
  const before = line.text.slice(0, main.head - line.from);
  if (!main.empty || before.trim() === "") return indentMore(view);
  return startCompletion(view);
}

/** One match alone is put in at once. */
async function completionsOf(context: CompletionContext, around: Around): Promise<CompletionResult | null> {
  const asked = new AbortController();
  context.addEventListener("abort", () => asked.abort());
  const found = await around.complete(context.state.doc.toString(), context.pos, asked.signal);
  if (!found || context.aborted) return null;
  const [first] = found.options;
  if (!first) return null;
  if (found.options.length === 1 && context.state.doc === context.view?.state.doc) {
    context.view.dispatch({
      changes: { from: found.from, to: found.to, insert: first.label },
      selection: { anchor: found.from + first.label.length },
      userEvent: "input.complete",
    });
    return null;
  }
  return { from: found.from, to: found.to, options: found.options, validFor: /^[\w.]*$/ };
}

async function languageOf(name: CodeLanguage): Promise<Extension> {
  switch (name) {
    case "python": {
      const { python } = await import("@codemirror/lang-python");
      return [python(), indentUnit.of("    ")];
    }
    case "sql": {
      const { PostgreSQL, sql } = await import("@codemirror/lang-sql");
      return sql({ dialect: PostgreSQL, upperCaseKeywords: false });
    }
    case "markdown": {
      const { markdown } = await import("@codemirror/lang-markdown");
      return [markdown(), EditorView.lineWrapping];
    }
    case "text":
      return EditorView.lineWrapping;
  }
}

const COLOURS = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.controlKeyword],
    color: "var(--code-keyword)",
  },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.link, tags.url],
    color: "var(--code-function)",
  },
  {
    tag: [tags.typeName, tags.className, tags.namespace, tags.standard(tags.name)],
    color: "var(--code-type)",
  },
  { tag: tags.heading, fontWeight: "650" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.monospace, color: "var(--code-string)" },
  { tag: tags.invalid, color: "var(--danger)" },
]);

const THEME = EditorView.theme({
  "&": { color: "var(--text)", fontSize: "inherit" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit" },
  ".cm-content": { padding: "0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0" },
  ".cm-placeholder": { color: "var(--text-faint)" },
  ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--code-selection)",
  },
  "&.cm-focused .cm-matchingBracket": {
    background: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--danger-soft)" },
  ".cm-tooltip": {
    border: "1px solid var(--border)",
    borderRadius: "var(--radius)",
    background: "var(--surface)",
    color: "var(--text)",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    maxHeight: "16rem",
    padding: "var(--space-1)",
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-sm)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    display: "flex",
    justifyContent: "space-between",
    gap: "var(--space-4)",
    padding: "0.125rem var(--space-2)",
    borderRadius: "var(--radius-small)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--selected)",
    color: "var(--text)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  ".cm-completionDetail": { color: "var(--text-muted)", fontStyle: "normal", fontFamily: "var(--font)" },
});
