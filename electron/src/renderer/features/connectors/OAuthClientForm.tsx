/** Who Cowork is to a provider, asked for where nobody has said so yet. */
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { putOAuthClient } from "@/api/oauthClients";
import type { OAuthClient } from "@/api/types";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Failed } from "@/components/States";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./Form.module.css";
import { SecretField } from "./SecretField";

/** It stands within the form of the connection, and so is no form itself. */
export function OAuthClientForm({ client }: { client: OAuthClient }) {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const renew = useRenew();
  const save = async () => {
    setFailure(null);
    await putOAuthClient(client.provider, {
      client_id: id.trim(),
      client_secret: secret.trim() || null,
    });
    renew("settings");
  };
  const faults = failure instanceof ApiError ? failure.fields : {};
  return (
    <section className={styles.fields} aria-labelledby="oauth-client">
      <h2 id="oauth-client">Register with {client.name} once</h2>
      <p>
        <a href={client.docs_url} target="_blank" rel="noopener noreferrer">
          Register an app at {client.name}
        </a>{" "}
        with this redirect URL, and enter here what you get.
      </p>
      <RedirectUrl url={client.redirect_uri} />
      <TextField
        label="Client ID"
        required
        value={id}
        spellCheck={false}
        error={faults.client_id}
        onChange={(event) => setId(event.target.value)}
      />
      <SecretField
        label="Client secret"
        isOptional
        value={secret}
        error={faults.client_secret}
        hint="Empty where the provider gives none."
        onChange={setSecret}
      />
      {failure !== null && Object.keys(faults).length === 0 && <Failed error={failure} isInline />}
      <div className={styles.deeds}>
        <Button kind="primary" disabled={!id.trim()} onClick={() => void save().catch(setFailure)}>
          Save and go on
        </Button>
      </div>
    </section>
  );
}

function RedirectUrl({ url }: { url: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    setCopied(true);
  };
  return (
    <div className={styles.redirect}>
      <code>{url}</code>
      <Button
        size="small"
        icon={isCopied ? <Check /> : <Copy />}
        onClick={() => void copy().catch(toastError)}
      >
        {isCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
