/** An editor of code: CodeMirror, which is loaded when the first is shown; until then, and without it, plain text. */
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type Ref } from "react";
import { classes } from "./classes";
import styles from "./CodeEditor.module.css";
import type { Around, Edge, Editor } from "./codeMirror";

export type CodeLanguage = "python" | "sql" | "markdown" | "text";

/** `up` and `down`: the arrow keys, told with whether they would leave the text. */
export type EditorKey = "shift+enter" | "mod+enter" | "alt+enter" | "escape" | "up" | "down";

export interface Completions {
  /** Each option replaces the text from here ... */
  from: number;
  /** ... to here. */
  to: number;
  options: readonly { label: string; detail?: string }[];
}

export interface Looks {
  language: CodeLanguage;
  /** Its accessible name. */
  label: string;
  placeholder?: string | undefined;
  isReadOnly?: boolean | undefined;
  /** The focus comes by another way than Tab, as in a list that the arrow keys walk through. */
  isSkippedByTab?: boolean | undefined;
}

export interface CodeEditorHandle {
  focus: (place?: "start" | "end") => void;
}

interface CodeEditorProps extends Looks {
  value: string;
  onChange: (text: string) => void;
  /** True where the key is taken, and does not do what it does in an editor. */
  onKey?: ((key: EditorKey, edge: Edge) => boolean) | undefined;
  /** What Tab offers at a cursor, in positions of JavaScript's strings. */
  complete?: ((code: string, cursor: number, signal: AbortSignal) => Promise<Completions | null>) | undefined;
  className?: string | undefined;
  ref?: Ref<CodeEditorHandle>;
}

type Module = typeof import("./codeMirror");
let loading: Promise<Module> | undefined;
let loaded: Module | undefined;

/** Asks for it before it is needed. */
export function loadCodeMirror(): Promise<Module> {
  loading ??= import("./codeMirror").then((module) => (loaded = module));
  loading.catch(() => (loading = undefined));
  return loading;
}

export function CodeEditor(props: CodeEditorProps) {
  const [module, setModule] = useState(loaded);
  const [isPlain, setPlain] = useState(false);
  useEffect(() => {
    let isShown = true;
    loadCodeMirror().then(
      (ready) => isShown && setModule(ready),
      () => isShown && setPlain(true),
    );
    return () => {
      isShown = false;
    };
  }, []);
  if (module) return <Mirror {...props} module={module} />;
  return isPlain ? <PlainEditor {...props} /> : <CodeText text={props.value} className={props.className} />;
}

function Mirror({ module, ref, className, ...props }: CodeEditorProps & { module: Module }) {
  const { value, language, label, placeholder, isReadOnly, isSkippedByTab } = props;
  const parent = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  useLayoutEffect(() => {
    if (!parent.current) return;
    const now = latest.current;
    const made = module.createEditor(parent.current, now.value, now, aroundOf(latest));
    editor.current = made;
    return () => {
      editor.current = null;
      made.destroy();
    };
  }, [module]);
  useEffect(() => editor.current?.show(value), [value]);
  useEffect(
    () => editor.current?.look({ language, label, placeholder, isReadOnly, isSkippedByTab }),
    [language, label, placeholder, isReadOnly, isSkippedByTab],
  );
  useImperativeHandle(ref, () => ({ focus: (place) => editor.current?.focus(place) }), []);
  return <div ref={parent} className={classes(styles.editor, className)} />;
}

const aroundOf = (latest: { current: CodeEditorProps }): Around => ({
  onChange: (text) => latest.current.onChange(text),
  onKey: (key, edge) => latest.current.onKey?.(key, edge) ?? false,
  complete: (code, cursor, signal) =>
    latest.current.complete?.(code, cursor, signal) ?? Promise.resolve(null),
});

/** The code as an editor shows it, where there is no need of one yet. */
export function CodeText({ text, className }: { text: string; className?: string | undefined }) {
  return <pre className={classes(styles.editor, styles.text, className)}>{text || " "}</pre>;
}

/** Where CodeMirror cannot be loaded, as after an update of the server, the text can be edited all the same. */
function PlainEditor({ value, onChange, onKey, label, isReadOnly, className, ref }: CodeEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => ({ focus: () => area.current?.focus() }), []);
  const noEdge = { isFirst: false, isLast: false };
  return (
    <textarea
      ref={area}
      aria-label={label}
      className={classes(styles.editor, styles.plain, className)}
      value={value}
      rows={value.split("\n").length}
      spellCheck={false}
      readOnly={isReadOnly ?? false}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        const key = plainKey(event);
        if (key && onKey?.(key, noEdge)) event.preventDefault();
      }}
    />
  );
}

function plainKey(event: React.KeyboardEvent): EditorKey | null {
  if (event.key === "Escape") return "escape";
  if (event.key !== "Enter") return null;
  if (event.shiftKey) return "shift+enter";
  if (event.altKey) return "alt+enter";
  return event.ctrlKey || event.metaKey ? "mod+enter" : null;
}
