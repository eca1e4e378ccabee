/** The text of a message: it grows with what is written, and knows which Enter sends. */
import {
  useEffect,
  useId,
  useLayoutEffect,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type RefObject,
} from "react";
import type { Skill } from "@/api/types";
import { isSending } from "./keys";
import { choiceId, SkillChoices, useSkillChoices } from "./SkillChoices";
import styles from "./Composer.module.css";

interface MessageFieldProps {
  field: RefObject<HTMLTextAreaElement | null>;
  label: string;
  placeholder: string;
  text: string;
  skills: readonly { id: string }[];
  isReadOnly: boolean;
  onChange: (text: string) => void;
  onSend: () => void;
  onSkill: (skill: Skill) => void;
  /** The key up in an empty message. */
  onRecall: () => void;
  /** True where it took the paste. */
  onPaste: (data: DataTransfer) => boolean;
  describedBy?: string | undefined;
}

export function MessageField(props: MessageFieldProps) {
  const { field, text, skills, onChange, onSend, onSkill, onRecall } = props;
  const id = useId();
  const [caret, setCaret] = useState<number | null>(null);
  useGrowth(field, text);

  const choose = (skill: Skill) => {
    onSkill(skill);
    // The slash and the word have become a chip.
    onChange(text.slice(caret ?? 0).trimStart());
    setCaret(0);
  };
  const choosing = useSkillChoices(caret === null ? null : text.slice(0, caret), skills, choose);
  const isOpen = choosing.matches.length > 0;

  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const { selectionStart } = event.currentTarget;
    const isComposing = isOfInputMethod(event);
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && !isComposing && choosing.press(event.key)) event.preventDefault();
    else if (isSending({ ...pressOf(event), isComposing }, text.slice(0, selectionStart))) {
      event.preventDefault();
      onSend();
    } else if (event.key === "ArrowUp" && isPlain && text === "") onRecall();
  };

  return (
    <>
      <SkillChoices id={id} choosing={choosing} onChoose={choose} />
      <textarea
        ref={field}
        className={styles.text}
        rows={1}
        aria-label={props.label}
        aria-describedby={props.describedBy}
        aria-autocomplete="list"
        aria-controls={isOpen ? id : undefined}
        aria-activedescendant={isOpen ? choiceId(id, choosing.at) : undefined}
        placeholder={props.placeholder}
        value={text}
        readOnly={props.isReadOnly}
        onChange={(event) => {
          onChange(event.target.value);
          setCaret(event.target.selectionStart);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onBlur={() => setCaret(null)}
        onKeyDown={press}
        onPaste={(event: ClipboardEvent) => props.onPaste(event.clipboardData) && event.preventDefault()}
      />
    </>
  );
}

const pressOf = ({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent) => ({
  key,
  shiftKey,
  ctrlKey,
  metaKey,
  altKey,
});

/** Safari tells the Enter that ends a composition after its end; it has the code 229, as all keys of input methods. */
const isOfInputMethod = ({ nativeEvent }: KeyboardEvent): boolean =>
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells of it
  nativeEvent.isComposing || nativeEvent.keyCode === 229;

function useGrowth(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    if (field.current) fit(field.current);
  }, [field, text]);
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    let width = area.clientWidth;
    const observer = new ResizeObserver(() => {
      if (area.clientWidth === width) return;
      width = area.clientWidth;
      fit(area);
    });
    observer.observe(area);
    return () => observer.disconnect();
  }, [field]);
}

function fit(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
