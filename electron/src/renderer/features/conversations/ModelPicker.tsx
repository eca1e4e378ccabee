/** Which model answers a task's next messages. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, KeyRound } from "lucide-react";
import { modelsQuery } from "@/api/models";
import { projectQuery } from "@/api/projects";
import { healthQuery } from "@/api/settings";
import type { ModelChoice } from "@/api/types";
import { Button } from "@/components/Button";
import { Menu, MenuChoices, MenuItem } from "@/components/Menu";
import { useModelChoice } from "@/state/draft";
import styles from "./Composer.module.css";

const DEFAULT = "";

export function ModelPicker({ taskKey, projectId }: { taskKey: string; projectId: string | null }) {
  const [chosen, choose] = useModelChoice(taskKey);
  const navigate = useNavigate();
  const models = useQuery(modelsQuery);
  const health = useQuery(healthQuery);
  const project = useQuery({ ...projectQuery(projectId ?? ""), enabled: projectId !== null });
  if (!models.data || !health.data) return null;

  const { data: known } = models.data;
  const ofProject = project.data?.model ?? null;
  const standard = nameOf(ofProject ?? known.find((model) => model.is_default)?.id ?? "", known);
  if (!health.data.model_configured) {
    return (
      <Menu align="start" trigger={<Trigger name="Offline model" />}>
        <p className={styles.menuNote}>
          The built-in model answers: it follows rules, and understands no language.
        </p>
        <MenuItem icon={<KeyRound />} onSelect={() => void navigate({ to: "/start" })}>
          Set up a language model
        </MenuItem>
      </Menu>
    );
  }
  const options = [
    {
      value: DEFAULT,
      label: "Default",
      hint: `${standard}, ${ofProject ? "the project’s" : "of the settings"}`,
    },
    ...listed(known, chosen).map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <Menu align="start" trigger={<Trigger name={chosen === null ? standard : nameOf(chosen, known)} />}>
      <MenuChoices
        label="Model"
        value={chosen ?? DEFAULT}
        onChange={(value) => choose(value === DEFAULT ? null : value)}
        options={options}
      />
    </Menu>
  );
}

/** The chosen one is in the list even where it is not a known one. */
function listed(
  known: readonly ModelChoice[],
  chosen: string | null,
): readonly { id: string; name: string }[] {
  return chosen === null || known.some((model) => model.id === chosen)
    ? known
    : [...known, { id: chosen, name: chosen }];
}

const nameOf = (id: string, known: readonly ModelChoice[]): string =>
  known.find((model) => model.id === id)?.name ?? id;

/** Radix gives the button what makes it a menu's. */
function Trigger({ name, ...rest }: { name: string }) {
  return (
    <Button {...rest} kind="ghost" size="small" className={styles.model} aria-label={`Model: ${name}`}>
      <span className={styles.modelName}>{name}</span>
      <ChevronDown aria-hidden />
    </Button>
  );
}
