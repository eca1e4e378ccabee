/** The form of a skill, for a new one and for one that is there. */
import { Save } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { TextArea, TextField } from "@/components/Field";
import { Failed } from "@/components/States";
import { useCommands } from "@/hooks/commands";
import { useFormFaults } from "@/hooks/useFormFaults";
import { useLeaveGuard } from "@/hooks/useLeaveGuard";
import { Instructions } from "./Instructions";
import styles from "./SkillView.module.css";
import { ToolsField } from "./ToolsField";
import { atField, faultsOf, isChanged, nameFault, type Values } from "./values";

const SHOWN = /^(name|description|instructions|tools(\.\d+)?)$/;

interface SkillFormProps {
  label: string;
  values: Values;
  /** As it is stored. */
  stored: Values;
  onChange: (changed: Partial<Values>) => void;
  action: string;
  save: (values: Values) => Promise<void>;
  /** Beside the button that saves. */
  children?: ReactNode;
}

export function SkillForm({ label, values, stored, onChange, action, save, children }: SkillFormProps) {
  const [isBusy, setBusy] = useState(false);
  const { form, faults, error, fail, refuse, clear } = useFormFaults((field) => SHOWN.test(field));
  const isDirty = isChanged(stored, values);
  useLeaveGuard(isDirty && !isBusy, "this skill");

  const submit = async () => {
    if (isBusy) return;
    const wrong = faultsOf(values);
    if (Object.keys(wrong).length > 0) {
      refuse(wrong);
      return;
    }
    clear();
    setBusy(true);
    try {
      await save(values);
    } catch (failure) {
      fail(atField(failure));
    } finally {
      setBusy(false);
    }
  };
  useCommands([
    {
      id: "skill.save",
      title: "Save the skill",
      group: "This skill",
      icon: <Save />,
      shortcut: "mod+s",
      run: () => void submit(),
    },
  ]);
  const toolsFault = Object.entries(faults).find(([field]) => field.startsWith("tools"))?.[1];
  return (
    <form
      ref={form}
      noValidate
      aria-label={label}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <TextField
        label="Name"
        hint="In a task it is called by / and this name."
        value={values.name}
        maxLength={64}
        spellCheck={false}
        error={nameFault(values.name) ?? faults.name}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <TextArea
        label="Description"
        hint="What it does and when to use it: by this the agent chooses it."
        rows={2}
        value={values.description}
        maxLength={1024}
        error={faults.description}
        onChange={(event) => onChange({ description: event.target.value })}
      />
      <Instructions
        value={values.instructions}
        error={faults.instructions}
        onChange={(instructions) => onChange({ instructions })}
      />
      <ToolsField value={values.tools} error={toolsFault} onChange={(tools) => onChange({ tools })} />
      {error !== null && <Failed error={error} isInline />}
      <div className={styles.deeds}>
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {action}
        </Button>
        {children}
        <span role="status" className={styles.muted}>
          {isDirty && stored.name !== "" && "Not saved yet"}
        </span>
      </div>
    </form>
  );
}
