/** The fields of one way into a service, made from its spec. */
import { useEffect, useRef } from "react";
import type { SpecField } from "@/api/types";
import { CheckboxField, SelectField, TextArea, TextField } from "@/components/Field";
import { SecretField } from "./SecretField";
import type { Values } from "./credentials";
import styles from "./Form.module.css";

interface SpecFieldsProps {
  fields: readonly SpecField[];
  values: Values;
  /** By the names of the server, as `credentials.host`. */
  faults: Readonly<Record<string, string>>;
  /** What is left empty stays as it is. */
  isKeeping?: boolean;
  onChange: (key: string, value: string | boolean) => void;
}

export function SpecFields({ fields, ...rest }: SpecFieldsProps) {
  const advanced = fields.filter((field) => field.advanced);
  const details = useRef<HTMLDetailsElement>(null);
  const isFaulty = advanced.some((field) => rest.faults[`credentials.${field.key}`]);
  useEffect(() => {
    if (isFaulty && details.current) details.current.open = true;
  }, [isFaulty]);
  return (
    <>
      {fields
        .filter((field) => !field.advanced)
        .map((field) => (
          <SpecControl key={field.key} field={field} {...rest} />
        ))}
      {advanced.length > 0 && (
        <details ref={details} className={styles.advanced}>
          <summary>Advanced</summary>
          <div className={styles.fields}>
            {advanced.map((field) => (
              <SpecControl key={field.key} field={field} {...rest} />
            ))}
          </div>
        </details>
      )}
    </>
  );
}

type ControlProps = Omit<SpecFieldsProps, "fields"> & { field: SpecField };

function SpecControl({ field, values, faults, isKeeping = false, onChange }: ControlProps) {
  const value = values[field.key] ?? "";
  const text = String(value);
  const set = (given: string | boolean) => onChange(field.key, given);
  const isOptional = !isKeeping && !field.required;
  const around = {
    label: field.label,
    error: faults[`credentials.${field.key}`],
    isOptional,
    required: !isKeeping && field.required,
    ...(field.help && { hint: field.help }),
  };
  if (field.type === "boolean" && !isKeeping) {
    return (
      <CheckboxField
        label={field.label}
        hint={field.help}
        checked={value === true}
        onChange={(event) => set(event.target.checked)}
      />
    );
  }
  if (field.type === "boolean" || field.type === "choice") {
    const options = optionsOf(field, isKeeping);
    return (
      <SelectField {...around} value={text} options={options} onChange={(event) => set(event.target.value)} />
    );
  }
  const placeholder = isKeeping ? "Leave empty to keep" : undefined;
  if (field.type === "multiline") {
    return (
      <TextArea
        {...around}
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => set(event.target.value)}
      />
    );
  }
  if (field.secret) return <SecretField {...around} placeholder={placeholder} value={text} onChange={set} />;
  return (
    <TextField
      {...around}
      value={text}
      placeholder={placeholder}
      spellCheck={false}
      inputMode={field.type === "number" ? "numeric" : "text"}
      onChange={(event) => set(event.target.value)}
    />
  );
}

function optionsOf(field: SpecField, isKeeping: boolean) {
  const choices =
    field.type === "boolean"
      ? [
          { value: "true", label: "Yes" },
          { value: "false", label: "No" },
        ]
      : field.choices.map((choice) => ({ value: choice, label: choice }));
  if (isKeeping) return [{ value: "", label: "Keep as it is" }, ...choices];
  return field.default === null ? [{ value: "", label: "Choose" }, ...choices] : choices;
}
