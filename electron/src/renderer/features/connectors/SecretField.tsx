/** A field whose value is hidden until somebody asks to see it. */
import { Eye, EyeOff } from "lucide-react";
import { useState, type ReactNode } from "react";
import { IconButton } from "@/components/Button";
import { Field } from "@/components/Field";
import fieldStyles from "@/components/Field.module.css";
import styles from "./Form.module.css";

interface SecretFieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  isOptional?: boolean;
  required?: boolean;
  value: string;
  placeholder?: string | undefined;
  onChange: (value: string) => void;
}

export function SecretField({ label, hint, error, isOptional, onChange, ...rest }: SecretFieldProps) {
  const [isShown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error} isOptional={isOptional ?? false}>
      {(ids) => (
        <div className={styles.secret}>
          <input
            {...rest}
            {...ids}
            type={isShown ? "text" : "password"}
            autoComplete="off"
            spellCheck={false}
            className={fieldStyles.control}
            onChange={(event) => onChange(event.target.value)}
          />
          <IconButton
            label={isShown ? `Hide: ${label}` : `Show: ${label}`}
            icon={isShown ? <EyeOff /> : <Eye />}
            onClick={() => setShown(!isShown)}
          />
        </div>
      )}
    </Field>
  );
}
