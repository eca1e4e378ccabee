/** An Anthropic key: tried at once, and stored where credentials belong. */
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

export function AnthropicForm({ secrets, settings }: FormProps) {
  const [key, setKey] = useState("");
  const { state, tryIt } = useTrying(["key"]);
  if (secrets === "unavailable") return <WithoutKeyring />;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // An address that was given at the start stays in force.
    const isFixed = settings.overridden.includes("base_url");
    const isElsewhere = !isFixed && (settings.base_url ?? null) !== null;
    void tryIt(
      { key: key.trim(), ...(isFixed ? {} : { base_url: null }) },
      isElsewhere ? { base_url: null } : {},
    );
  };
  return (
    <form className={styles.fields} onSubmit={submit}>
      <TextField
        type="password"
        label="API key"
        placeholder="sk-ant-…"
        value={key}
        required
        spellCheck={false}
        error={state.faults.key}
        hint={placeOf(secrets)}
        onChange={(event) => setKey(event.target.value)}
      />
      <div className={styles.deed}>
        <Button
          kind={state.is === "ready" ? "secondary" : "primary"}
          type="submit"
          isBusy={state.is === "trying"}
          disabled={!key.trim()}
        >
          Test and save the key
        </Button>
        <Outcome state={state} />
      </div>
    </form>
  );
}

const placeOf = (secrets: "keyring" | "file"): string =>
  secrets === "keyring"
    ? "It is tried at once and kept in this system’s keyring, never in a file of Cowork’s, and not shown again."
    : "It is tried at once and kept in an encrypted file of Cowork’s, and not shown again.";

const WithoutKeyring = () => (
  <div className={styles.offline}>
    <p>
      This system has no keyring that could keep a key. Give it as an environment variable where Cowork is
      started, and start it again:
    </p>
    <pre className={styles.command}>ANTHROPIC_API_KEY=sk-ant-… cowork-desktop serve</pre>
    <p>
      Or let Cowork keep credentials in an encrypted file: start it with <code>--secrets file</code>.
    </p>
  </div>
);
