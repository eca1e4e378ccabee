/** Form fields: each with a label, a hint and its fault, tied together for screen readers. */
import { Switch as RadixSwitch } from "radix-ui";
import { useId, type ComponentProps, type ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Field.module.css";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: string | undefined;
  isOptional?: boolean;
  /** The label is there for screen readers alone. */
  isLabelHidden?: boolean;
  className?: string | undefined;
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}

/** Any control with a label: `children` gets the attributes that tie it to label, hint and fault. */
export function Field({ label, hint, error, isOptional, isLabelHidden, className, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(" ");
  return (
    <div className={classes(styles.field, className)}>
      <label htmlFor={id} className={isLabelHidden ? "visually-hidden" : styles.label}>
        {label}
        {isOptional && <span className={styles.optional}> (optional)</span>}
      </label>
      {children({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(error ? { "aria-invalid": true as const } : {}),
      })}
      {hint && (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {error && (
        <div id={`${id}-error`} role="alert" className={styles.error}>
          {error}
        </div>
      )}
    </div>
  );
}

type Around = Pick<FieldProps, "label" | "hint" | "error" | "isOptional" | "isLabelHidden">;

export function TextField({
  label,
  hint,
  error,
  isOptional,
  isLabelHidden,
  className,
  ...rest
}: Around & ComponentProps<"input">) {
  return (
    <Field {...around({ label, hint, error, isOptional, isLabelHidden })} className={className}>
      {(ids) => <input type="text" autoComplete="off" {...rest} {...ids} className={styles.control} />}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  isOptional,
  isLabelHidden,
  className,
  ...rest
}: Around & ComponentProps<"textarea">) {
  return (
    <Field {...around({ label, hint, error, isOptional, isLabelHidden })} className={className}>
      {(ids) => <textarea rows={4} {...rest} {...ids} className={classes(styles.control, styles.area)} />}
    </Field>
  );
}

interface Option {
  value: string;
  label: string;
}

export function SelectField({
  label,
  hint,
  error,
  isOptional,
  isLabelHidden,
  options,
  className,
  ...rest
}: Around & ComponentProps<"select"> & { options: readonly Option[] }) {
  return (
    <Field {...around({ label, hint, error, isOptional, isLabelHidden })} className={className}>
      {(ids) => (
        <select {...rest} {...ids} className={classes(styles.control, styles.select)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckboxField({
  label,
  hint,
  className,
  ...rest
}: Pick<FieldProps, "label" | "hint"> & Omit<ComponentProps<"input">, "type">) {
  const id = useId();
  return (
    <div className={classes(styles.choice, className)}>
      <input
        {...rest}
        type="checkbox"
        id={id}
        className={styles.checkbox}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

interface SwitchProps {
  label: string;
  hint?: ReactNode;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
}

/** A setting that takes effect at once. */
export function SwitchField({ label, hint, isOn, onChange, isDisabled }: SwitchProps) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <div>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {hint && (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
      <RadixSwitch.Root
        id={id}
        className={styles.switch}
        checked={isOn}
        onCheckedChange={onChange}
        disabled={isDisabled ?? false}
        aria-describedby={hint ? `${id}-hint` : undefined}
      >
        <RadixSwitch.Thumb className={styles.thumb} />
      </RadixSwitch.Root>
    </div>
  );
}

/** Without what is undefined, which exact optional properties do not take. */
function around(given: { [K in keyof Around]: Around[K] | undefined } & { label: string }): Around {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as Around;
}
