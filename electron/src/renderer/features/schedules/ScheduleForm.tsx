/** The form of a schedule, for a new one and for one that is changed. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { projectsQuery } from "@/api/projects";
import { Button } from "@/components/Button";
import { SelectField, TextArea } from "@/components/Field";
import { Failed } from "@/components/States";
import { useFormFaults } from "@/hooks/useFormFaults";
import { useLeaveGuard } from "@/hooks/useLeaveGuard";
import { BudgetFields } from "./BudgetFields";
import styles from "./ScheduleForm.module.css";
import { TargetField } from "./TargetField";
import { faultsOf, type Values } from "./values";
import { WhenFields } from "./WhenFields";

const SHOWN = /^(project_id|prompt|cron|timezone|conversation_id|budget\.\w+)$/;

interface ScheduleFormProps {
  label: string;
  initial: Values;
  /** The one that is changed; it stays in its project. */
  scheduleId?: string;
  action: string;
  save: (values: Values) => Promise<void>;
  cancel: ReactNode;
}

export function ScheduleForm({ label, initial, scheduleId, action, save, cancel }: ScheduleFormProps) {
  const [values, setValues] = useState(initial);
  const [isBusy, setBusy] = useState(false);
  const { form, faults, error, fail, refuse, clear } = useFormFaults((field) => SHOWN.test(field));
  useLeaveGuard(!isBusy && JSON.stringify(values) !== JSON.stringify(initial), "this schedule");
  const change = (changed: Partial<Values>) => setValues((before) => ({ ...before, ...changed }));

  const submit = async () => {
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
      fail(failure);
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      noValidate
      aria-label={label}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void submit();
      }}
    >
      <TextArea
        label="What to do"
        rows={4}
        value={values.prompt}
        maxLength={200_000}
        placeholder="Say it as you would in a task"
        // Who begins a schedule begins with this.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={scheduleId === undefined}
        error={faults.prompt}
        onChange={(event) => change({ prompt: event.target.value })}
      />
      <WhenFields values={values} scheduleId={scheduleId} faults={faults} onChange={change} />
      {scheduleId === undefined && (
        <ProjectField
          value={values.project_id}
          error={faults.project_id}
          // A task of another project cannot be where it runs.
          onChange={(project_id) => change({ project_id, conversation_id: null })}
        />
      )}
      <TargetField
        projectId={values.project_id}
        value={values.conversation_id}
        error={faults.conversation_id}
        onChange={(conversation_id) => change({ conversation_id })}
      />
      <BudgetFields budget={values.budget} faults={faults} onChange={(budget) => change({ budget })} />
      {error !== null && <Failed error={error} isInline />}
      <div className={styles.deeds}>
        <Button kind="primary" type="submit" isBusy={isBusy}>
          {action}
        </Button>
        {cancel}
      </div>
    </form>
  );
}

interface ProjectFieldProps {
  value: string;
  error: string | undefined;
  onChange: (projectId: string) => void;
}

function ProjectField({ value, error, onChange }: ProjectFieldProps) {
  const projects = useQuery(projectsQuery);
  return (
    <SelectField
      label="Project"
      hint="Its files, connections and memories are at hand."
      value={value}
      error={error}
      options={projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
