/** One of a few ways, each with a line that explains it. */
import { useId } from "react";
import styles from "./Form.module.css";

interface Choice<T extends string> {
  value: T;
  label: string;
  hint?: string;
}

interface ChoicesProps<T extends string> {
  legend: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
}

export function Choices<T extends string>({ legend, value, choices, onChange }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset className={styles.choices}>
      <legend>{legend}</legend>
      {choices.map((choice) => (
        <div key={choice.value} className={styles.choice}>
          <input
            type="radio"
            id={`${name}-${choice.value}`}
            name={name}
            checked={choice.value === value}
            aria-describedby={choice.hint ? `${name}-${choice.value}-hint` : undefined}
            onChange={() => onChange(choice.value)}
          />
          <label htmlFor={`${name}-${choice.value}`}>{choice.label}</label>
          {choice.hint && (
            <p id={`${name}-${choice.value}-hint`} className={styles.hint}>
              {choice.hint}
            </p>
          )}
        </div>
      ))}
    </fieldset>
  );
}

export function AccessChoice({
  value,
  onChange,
}: {
  value: "read" | "write";
  onChange: (access: "read" | "write") => void;
}) {
  return (
    <Choices
      legend="What the agent may do"
      value={value}
      choices={[
        {
          value: "read",
          label: "Read only",
          hint: "Nothing there can be changed. Whatever would is refused.",
        },
        {
          value: "write",
          label: "Read and write",
          hint: "It can also change things there, and asks you each time before it does.",
        },
      ]}
      onChange={onChange}
    />
  );
}
