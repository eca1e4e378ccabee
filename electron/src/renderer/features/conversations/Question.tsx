/** A message of the user's: its text, what came with it, and an editor in its place to say it anew. */
import { GitBranch, Pencil } from "lucide-react";
import { memo, useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Item } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { toastError } from "@/components/toast";
import { useFocusBack } from "@/hooks/useFocusBack";
import { tried, useDeeds } from "./deeds";
import { CopyButton, DeedRow, Versions } from "./MessageDeeds";
import styles from "./Message.module.css";
import { SentFiles } from "./SentFiles";

interface QuestionProps {
  /** Null: it was sent a moment ago. */
  item: Item | null;
  text: string;
  /** A turn runs: nothing can be sent anew. */
  isBusy: boolean;
}

export const Question = memo(function Question({ item, text, isBusy }: QuestionProps) {
  const [isEditing, setEditing] = useState(false);
  const deeds = useDeeds();
  const [edit, giveFocusBack] = useFocusBack<HTMLButtonElement>();
  const files = item?.parts.filter((part) => part.type === "attachment") ?? [];
  const stop = () => {
    setEditing(false);
    giveFocusBack();
  };
  if (isEditing && item) {
    return (
      <Editor
        text={text}
        hasFiles={files.length > 0}
        onCancel={stop}
        onSend={async (words) => {
          await deeds.resend(item, words);
          setEditing(false);
        }}
      />
    );
  }
  return (
    <div className={styles.question}>
      <SentFiles files={files} />
      <div className={styles.said}>
        {item && (
          <DeedRow>
            <CopyButton text={text} />
            <IconButton
              ref={edit}
              label="Edit and send again"
              icon={<Pencil />}
              size="small"
              disabled={isBusy}
              onClick={() => setEditing(true)}
            />
            <IconButton
              label="Branch from here"
              icon={<GitBranch />}
              size="small"
              disabled={isBusy}
              onClick={() => tried(deeds.branch(item))}
            />
          </DeedRow>
        )}
        {text.trim() !== "" && <Words text={text} />}
      </div>
      {item && <Versions item={item} isBusy={isBusy} />}
    </div>
  );
});

const LONG = 1_600;
const MANY_LINES = 18;

/** A long one is folded. */
function Words({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > LONG || text.split("\n").length > MANY_LINES;
  return (
    <div className={styles.bubble}>
      <div className={styles.words} data-folded={(isLong && !isOpen) || undefined}>
        {text}
      </div>
      {isLong && (
        <Button kind="ghost" size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show less" : "Show all"}
        </Button>
      )}
    </div>
  );
}

interface EditorProps {
  text: string;
  hasFiles: boolean;
  onCancel: () => void;
  onSend: (text: string) => Promise<void>;
}

function Editor({ text, hasFiles, onCancel, onSend }: EditorProps) {
  const [words, setWords] = useState(text);
  const [isSending, setSending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  const send = () => {
    if (!words.trim() || isSending) return;
    setSending(true);
    onSend(words).catch((error: unknown) => {
      setSending(false);
      toastError(error);
    });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") onCancel();
    else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div className={styles.editor}>
      <textarea
        ref={field}
        aria-label="Edit the message"
        value={words}
        rows={Math.min(12, words.split("\n").length + 1)}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={press}
      />
      <div className={styles.editorFoot}>
        <p>
          The answer and all after it give way to the new ones{hasFiles && "; the files come along"}. You can
          go back.
        </p>
        <Button size="small" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="small" kind="primary" isBusy={isSending} disabled={!words.trim()} onClick={send}>
          Send
        </Button>
      </div>
    </div>
  );
}
