/** What a schedule may use, beside the limits of every turn. */
import { useState } from "react";
import { TextField } from "@/components/Field";
import styles from "./ScheduleForm.module.css";
import { LIMIT_FIELDS, LIMITS, type Values } from "./values";

interface BudgetFieldsProps {
  budget: Values["budget"];
  faults: Readonly<Record<string, string>>;
  onChange: (budget: Values["budget"]) => void;
}

export function BudgetFields({ budget, faults, onChange }: BudgetFieldsProps) {
  const [isOpen, setOpen] = useState(() => LIMIT_FIELDS.some((field) => budget[field] !== ""));
  const isFaulty = LIMIT_FIELDS.some((field) => faults[`budget.${field}`] !== undefined);
  return (
    <details
      className={styles.budget}
      open={isOpen || isFaulty}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Budget (optional)</summary>
      <p className={styles.muted}>
        A run that reaches its limit ends. Once the month’s is used up, times are skipped until the next
        month.
      </p>
      <div className={styles.limits}>
        {LIMIT_FIELDS.map((field) => (
          <TextField
            key={field}
            label={LIMITS[field].label}
            inputMode="decimal"
            placeholder="No limit"
            value={budget[field]}
            error={faults[`budget.${field}`]}
            onChange={(event) => onChange({ ...budget, [field]: event.target.value })}
          />
        ))}
      </div>
    </details>
  );
}
