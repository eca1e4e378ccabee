/** Where the runs of a schedule go on: each in a new task, or all in one. */
import { useQuery } from "@tanstack/react-query";
import { conversationQuery } from "@/api/conversations";
import { targetsQuery } from "@/api/schedules";
import { Combobox } from "@/components/Combobox";

interface TargetFieldProps {
  projectId: string;
  /** Null: a new task each time. */
  value: string | null;
  onChange: (conversationId: string | null) => void;
  error: string | undefined;
}

const NEW = { value: "", label: "A new task each time" };

export function TargetField({ projectId, value, onChange, error }: TargetFieldProps) {
  const tasks = useQuery({ ...targetsQuery(projectId), enabled: projectId !== "" });
  const chosen = useQuery({ ...conversationQuery(value ?? ""), enabled: value !== null });
  const find = (words: string) => {
    const sought = words.trim().toLowerCase();
    const offered = (tasks.data ?? []).map(({ id, title }) => ({ value: id, label: title ?? "New task" }));
    return [NEW, ...offered].filter(({ label }) => label.toLowerCase().includes(sought));
  };
  return (
    <Combobox
      label="Where it runs"
      hint="In one task each run knows what the ones before have found."
      error={error}
      value={value ?? NEW.value}
      text={value === null ? NEW.label : (chosen.data?.title ?? "A task")}
      find={find}
      onChange={(id) => onChange(id === NEW.value ? null : id)}
      nothing="No task of this project fits."
    />
  );
}
