/** A field that finds one thing among many while it is typed in; the keys of the field move in its list. */
import { ChevronDown } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { classes } from "./classes";
import styles from "./Combobox.module.css";
import { Field } from "./Field";
import { plural } from "./format";

export interface Choice {
  value: string;
  label: string;
  hint?: string;
}

interface ComboboxProps {
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  /** How what is chosen reads. */
  text: string;
  /** More about what is chosen, at the field's end. */
  note?: string;
  placeholder?: string;
  find: (words: string) => readonly Choice[];
  onChange: (value: string) => void;
  /** What stands where nothing is found. */
  nothing: string;
}

export function Combobox(props: ComboboxProps) {
  const { label, hint, error, value, text, note, placeholder, nothing } = props;
  const listId = useId();
  const finding = useFinding(props);
  const { isOpen, typed, choices, at } = finding;
  const marked = isOpen && choices[at] ? `${listId}-${at}` : undefined;
  return (
    <Field label={label} {...(hint ? { hint } : {})} error={error}>
      {(ids) => (
        <div className={styles.box}>
          <input
            {...ids}
            type="text"
            role="combobox"
            autoComplete="off"
            spellCheck={false}
            aria-expanded={isOpen}
            aria-controls={isOpen ? listId : undefined}
            aria-autocomplete="list"
            aria-activedescendant={marked}
            placeholder={placeholder}
            className={styles.input}
            value={typed ?? text}
            onChange={(event) => finding.type(event.target.value)}
            onClick={finding.open}
            onFocus={(event) => event.target.select()}
            onBlur={finding.close}
            onKeyDown={finding.press}
          />
          <span className={styles.end} aria-hidden>
            {typed === null && note}
            <ChevronDown />
          </span>
          <div role="status" className="visually-hidden">
            {typed !== null && (choices.length > 0 ? `${plural(choices.length, "choice")}.` : nothing)}
          </div>
          {isOpen && <Choices id={listId} label={label} value={value} nothing={nothing} finding={finding} />}
        </div>
      )}
    </Field>
  );
}

type Finding = ReturnType<typeof useFinding>;

function useFinding({ value, find, onChange }: ComboboxProps) {
  const [isOpen, setOpen] = useState(false);
  // Null: nothing is sought, and the field shows what is chosen.
  const [typed, setTyped] = useState<string | null>(null);
  const [marked, setMarked] = useState<number | null>(null);
  const choices = isOpen ? find(typed ?? "") : [];
  const chosenAt = typed === null ? choices.findIndex((choice) => choice.value === value) : 0;
  const at = Math.min(marked ?? Math.max(chosenAt, 0), choices.length - 1);

  const open = () => setOpen(true);
  const close = () => {
    setOpen(false);
    setTyped(null);
    setMarked(null);
  };
  const choose = (choice: Choice) => {
    if (choice.value !== value) onChange(choice.value);
    close();
  };
  const type = (words: string) => {
    setOpen(true);
    setTyped(words);
    setMarked(null);
  };
  const move = (step: number) => {
    open();
    if (choices.length > 0) setMarked((at + step + choices.length) % choices.length);
  };
  const press = (event: KeyboardEvent) => {
    const choice = choices[at];
    if (event.key === "ArrowDown") move(isOpen ? 1 : 0);
    else if (event.key === "ArrowUp") move(isOpen ? -1 : 0);
    else if (event.key === "Enter" && isOpen && choice) choose(choice);
    else if (event.key === "Escape" && isOpen) close();
    else {
      if (event.key === "Tab" && typed && choice) choose(choice);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return { isOpen, typed, choices, at, open, close, choose, type, mark: setMarked, press };
}

interface ChoicesProps {
  id: string;
  label: string;
  value: string;
  nothing: string;
  finding: Finding;
}

function Choices({ id, label, value, nothing, finding: { choices, at, mark, choose } }: ChoicesProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at, choices.length]);
  if (choices.length === 0)
    return (
      <p id={id} className={classes(styles.list, styles.nothing)}>
        {nothing}
      </p>
    );
  return (
    <div ref={list} id={id} role="listbox" aria-label={label} className={styles.list}>
      {choices.map((choice, index) => (
        // The field keeps the focus, and its keys move in here.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={choice.value}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={choice.value === value}
          className={classes(styles.choice, index === at && styles.marked)}
          onMouseMove={() => index !== at && mark(index)}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(choice)}
        >
          <span className={styles.name}>{choice.label}</span>
          {choice.hint && <span className={styles.hint}>{choice.hint}</span>}
        </div>
      ))}
    </div>
  );
}
