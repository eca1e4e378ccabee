/** Which model answers, and how it is reached. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { modelsQuery, testModel } from "@/api/models";
import { deleteModelKey } from "@/api/settings";
import type { ModelChoice, Settings } from "@/api/types";
import { Button } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { TextField } from "@/components/Field";
import { count, seconds } from "@/components/format";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { Saved } from "./Setting";
import styles from "./SettingsView.module.css";
import { useSaving } from "./useSaving";

const SOURCES = {
  keyring: "In this system’s keyring.",
  file: "In Cowork’s encrypted file.",
  environment: "From the environment variable ANTHROPIC_API_KEY.",
} as const;

export function ModelSection({ settings }: { settings: Settings }) {
  return (
    <>
      <DefaultModel settings={settings} />
      <dl className={styles.facts}>
        <dt>Key</dt>
        <dd>
          {settings.model_key ? SOURCES[settings.model_key] : "None: the built-in offline model answers."}
        </dd>
        <dt>Server</dt>
        <dd>{settings.base_url ?? "Anthropic’s own"}</dd>
      </dl>
      <Deeds settings={settings} />
    </>
  );
}

function DefaultModel({ settings }: { settings: Settings }) {
  const models = useQuery(modelsQuery);
  const [typed, setTyped] = useState<string | null>(null);
  const [saving, save] = useSaving();
  const known = models.data?.data.filter((model) => model.provider !== "offline") ?? [];
  const chosen = known.find((model) => model.id === (typed ?? settings.model));
  const isOverridden = settings.overridden.includes("model");
  const leave = async () => {
    const model = typed?.trim();
    if (model && model !== settings.model && (await save({ model }))) setTyped(null);
  };
  return (
    <div className={styles.setting}>
      <TextField
        label="Model"
        hint={isOverridden ? "Set by a flag or an environment variable of this start." : describe(chosen)}
        value={typed ?? settings.model}
        list="known-models"
        readOnly={isOverridden}
        error={saving.error}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => void leave()}
        onKeyDown={(event) => event.key === "Enter" && void leave()}
      />
      <datalist id="known-models">
        {known.map((model) => (
          <option key={model.id} value={model.id}>
            {model.name}
          </option>
        ))}
      </datalist>
      <Saved saving={saving} />
    </div>
  );
}

function describe(model: ModelChoice | undefined): string {
  if (!model) return "As its provider names it.";
  const { context_tokens, input_usd_per_mtok, output_usd_per_mtok } = model;
  const price =
    typeof input_usd_per_mtok === "number" && typeof output_usd_per_mtok === "number"
      ? `$${input_usd_per_mtok} in, $${output_usd_per_mtok} out, a million tokens`
      : "price unknown";
  return [model.name, context_tokens ? `${count(context_tokens)} tokens of context` : null, price]
    .filter(Boolean)
    .join(" · ");
}

function Deeds({ settings }: { settings: Settings }) {
  const [isTrying, setTrying] = useState(false);
  const confirm = useConfirm();
  const renew = useRenew();
  const tryIt = async () => {
    setTrying(true);
    try {
      const { error, model, latency_ms } = await testModel({});
      if (error) toastError(error.message);
      else toast(`${model} has answered in ${seconds(latency_ms / 1000)}.`);
    } catch (error) {
      toastError(error);
    } finally {
      setTrying(false);
    }
  };
  const forget = async () => {
    const isSure = await confirm({
      title: "Remove the key?",
      description: "The built-in offline model answers then. You can set a key again at any time.",
      action: "Remove",
    });
    if (!isSure) return;
    await deleteModelKey();
    renew("settings", "health", "models");
  };
  const isStored = settings.model_key === "keyring" || settings.model_key === "file";
  return (
    <div className={styles.deeds}>
      <Link to="/start">
        {settings.model_key ? "Change the key or the server" : "Set up a language model"}
      </Link>
      <Button isBusy={isTrying} onClick={() => void tryIt()}>
        Test
      </Button>
      {isStored && (
        <Button kind="danger" onClick={() => void forget().catch(toastError)}>
          Remove the key
        </Button>
      )}
    </div>
  );
}
