/** The tools that a skill may use: one is added by its name, from those that are known or any other. */
import { X } from "lucide-react";
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { TOOLS } from "./tools";
import styles from "./ToolsField.module.css";

interface ToolsFieldProps {
  value: readonly string[];
  onChange: (tools: string[]) => void;
  error: string | undefined;
}

export function ToolsField({ value, onChange, error }: ToolsFieldProps) {
  const [typed, setTyped] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const listId = useId();
  const focus = () => box.current?.querySelector("input")?.focus();
  const add = () => {
    const names = typed.split(",").map((name) => name.trim());
    const fresh = [...new Set(names)].filter((name) => name && !value.includes(name));
    if (fresh.length > 0) onChange([...value, ...fresh]);
    setTyped("");
    focus();
  };
  const remove = (tool: string) => {
    onChange(value.filter((other) => other !== tool));
    focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && typed.trim()) {
      // Not the form: that is saved by its button.
      event.preventDefault();
      add();
    }
  };
  return (
    <div ref={box} className={styles.tools}>
      <div className={styles.adding}>
        <TextField
          label="Tools"
          isOptional
          hint="While this skill alone is in use, the agent may call these and its basic ones. None: all that it has."
          placeholder="run_code"
          list={listId}
          spellCheck={false}
          value={typed}
          error={error}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={press}
        />
        <Button className={styles.add} disabled={!typed.trim()} onClick={add}>
          Add
        </Button>
      </div>
      <datalist id={listId}>
        {TOOLS.filter((tool) => !value.includes(tool)).map((tool) => (
          <option key={tool} value={tool} />
        ))}
      </datalist>
      {value.length > 0 && (
        <ul className={styles.chips} aria-label="Tools of this skill">
          {value.map((tool) => (
            <li key={tool} className={styles.chip}>
              <code>{tool}</code>
              <button
                type="button"
                aria-label={`Take out ${tool}`}
                className={styles.remove}
                onClick={() => remove(tool)}
              >
                <X aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
