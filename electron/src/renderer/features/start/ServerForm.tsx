/** A server that speaks the Messages API: another provider's, or one on this machine. */
import { useState, type SubmitEvent } from "react";
import type { Health, Settings } from "@/api/types";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Outcome } from "./Outcome";
import styles from "./StartView.module.css";
import { useTrying } from "./trying";

interface FormProps {
  secrets: Health["secrets"];
  settings: Settings;
}

export function ServerForm({ secrets, settings }: FormProps) {
  const [url, setUrl] = useState(settings.base_url ?? "");
  const [model, setModel] = useState("");
  const [key, setKey] = useState("");
  const { state, tryIt } = useTrying(["base_url", "model", "key"]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const settled = { base_url: url.trim(), ...(model.trim() ? { model: model.trim() } : {}) };
    void tryIt({ ...settled, ...(key.trim() ? { key: key.trim() } : {}) }, settled);
  };
  return (
    <form className={styles.fields} onSubmit={submit}>
      <TextField
        type="url"
        label="Base URL"
        placeholder="http://localhost:8000"
        hint="Of a server that speaks Anthropic’s Messages API, without /v1/messages."
        value={url}
        required
        error={state.faults.base_url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <TextField
        label="Model"
        isOptional
        placeholder={settings.model}
        hint="As the server names it."
        value={model}
        spellCheck={false}
        error={state.faults.model}
        onChange={(event) => setModel(event.target.value)}
      />
      {secrets !== "unavailable" && (
        <TextField
          type="password"
          label="API key"
          isOptional
          value={key}
          spellCheck={false}
          error={state.faults.key}
          onChange={(event) => setKey(event.target.value)}
        />
      )}
      <div className={styles.deed}>
        <Button
          kind={state.is === "ready" ? "secondary" : "primary"}
          type="submit"
          isBusy={state.is === "trying"}
          disabled={!url.trim()}
        >
          Test and save
        </Button>
        <Outcome state={state} />
      </div>
    </form>
  );
}
