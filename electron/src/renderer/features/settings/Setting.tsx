/** One setting: saved when it is left or changed, with its fault beside it. */
import { useState } from "react";
import { messageOf } from "@/api/client";
import type { SettingsPatch } from "@/api/types";
import { SelectField, SwitchField, TextField } from "@/components/Field";
import { toastError } from "@/components/toast";
import styles from "./SettingsView.module.css";
import { read, written, type Unit } from "./units";
import { useSaving, type Saving } from "./useSaving";

interface Around {
  label: string;
  hint: string;
  /** A flag or a variable sets it: it is shown, and cannot be changed here. */
  isOverridden?: boolean;
}

const OVERRIDDEN = "Set by a flag or an environment variable of this start.";

interface NumberProps extends Around {
  value: number | null;
  unit: Unit;
  /** What an empty field means, where it may be empty. */
  empty?: string;
  patch: (value: number | null) => SettingsPatch;
}

export function NumberSetting({ label, hint, isOverridden, value, unit, empty, patch }: NumberProps) {
  const stored = value === null ? "" : written(value, unit);
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState<string>();
  const [saving, save] = useSaving();
  const leave = async () => {
    if (typed === null || typed === stored) return;
    const meant = typed.trim() === "" && empty ? null : read(typed, unit);
    if (meant === null && !(typed.trim() === "" && empty)) {
      setFault(`This should be ${EXAMPLES[unit]}.`);
      return;
    }
    setFault(undefined);
    if (await save(patch(meant))) setTyped(null);
  };
  return (
    <div className={styles.setting}>
      <TextField
        label={label}
        hint={isOverridden ? OVERRIDDEN : hint}
        value={typed ?? stored}
        placeholder={empty}
        readOnly={isOverridden}
        inputMode={unit === "count" ? "numeric" : "text"}
        error={fault ?? saving.error}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => void leave()}
        onKeyDown={(event) => event.key === "Enter" && void leave()}
      />
      <Saved saving={saving} />
    </div>
  );
}

const EXAMPLES: Record<Unit, string> = {
  count: "a whole number such as 50",
  seconds: "a time such as 90 s, 30 min or 2 h",
  bytes: "a size such as 500 kB or 200 MB",
  dollars: "a sum such as 2.50",
};

interface ChoiceProps extends Around {
  value: string;
  options: readonly { value: string; label: string }[];
  patch: (value: string) => SettingsPatch;
}

export function ChoiceSetting({ label, hint, isOverridden, value, options, patch }: ChoiceProps) {
  const [saving, save] = useSaving();
  return (
    <div className={styles.setting}>
      <SelectField
        label={label}
        hint={isOverridden ? OVERRIDDEN : hint}
        value={value}
        options={options}
        disabled={isOverridden}
        error={saving.error}
        onChange={(event) => void save(patch(event.target.value))}
      />
      <Saved saving={saving} />
    </div>
  );
}

interface SwitchProps extends Around {
  isOn: boolean;
  patch: (isOn: boolean) => SettingsPatch;
}

export function SwitchSetting({ label, hint, isOverridden, isOn, patch }: SwitchProps) {
  const [saving, save] = useSaving();
  return (
    <div className={styles.setting}>
      <SwitchField
        label={label}
        hint={isOverridden ? OVERRIDDEN : hint}
        isOn={isOn}
        isDisabled={isOverridden ?? false}
        onChange={(next) =>
          void save(patch(next)).then((isSaved) => {
            if (!isSaved) toastError(messageOf(saving.error ?? "It was not saved."));
          })
        }
      />
    </div>
  );
}

export const Saved = ({ saving }: { saving: Saving }) => (
  <span role="status" className={styles.saved}>
    {saving.is === "saved" ? "Saved" : saving.is === "saving" ? "Saving…" : ""}
  </span>
);
