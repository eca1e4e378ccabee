/** The form of a new connection: the way in, its fields, a name, and what the agent may do. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { createConnection, updateConnection } from "@/api/connections";
import { healthQuery } from "@/api/settings";
import type { Connection, ConnectorSpec, SpecMethod } from "@/api/types";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Failed } from "@/components/States";
import { useRenew } from "@/hooks/useRenew";
import { AccessChoice, Choices } from "./Choices";
import styles from "./Form.module.css";
import { NoKeyring } from "./NoKeyring";
import { SignIn } from "./SignIn";
import { SpecFields } from "./SpecFields";
import { credentialsOf, initialValues, replacedBy, type Values } from "./credentials";
import { useFaults } from "./useFaults";

interface ConnectFormProps {
  spec: ConnectorSpec;
  /** It was made already, and is to be mended. */
  connectionId: string | null;
  isShown: boolean;
  onSaved: (connectionId: string) => void;
}

export function ConnectForm({ spec, connectionId, isShown, onSaved }: ConnectFormProps) {
  const [method, setMethod] = useState<SpecMethod | undefined>(spec.methods[0]);
  const [values, setValues] = useState<Values>(() => initialValues(method?.fields ?? []));
  const [name, setName] = useState(spec.name);
  const [access, setAccess] = useState<Connection["access"]>("read");
  const [isBusy, setBusy] = useState(false);
  // Made so that somebody can sign in for it; a second try is for the same one.
  const [waitingId, setWaitingId] = useState<string | null>(null);
  const id = connectionId ?? waitingId;
  const { form, faults, error, fail, clear } = useFaults();
  const health = useQuery(healthQuery);
  const renew = useRenew();
  useFocusOnReturn(form, isShown);
  if (!method) return <Failed error={new Error("This connector names no way in.")} isInline />;

  const save = async (): Promise<Connection> => {
    const body = { name, access };
    const saved = id
      ? await updateConnection(id, { ...body, credentials: replacedBy(method.fields, values) })
      : await createConnection({
          ...body,
          spec_id: spec.id,
          method: method.id,
          credentials: credentialsOf(method.fields, values),
        });
    renew("connections");
    return saved;
  };
  const submit = async () => {
    clear();
    setBusy(true);
    try {
      onSaved((await save()).id);
    } catch (failure) {
      fail(failure);
    } finally {
      setBusy(false);
    }
  };
  const choose = (methodId: string) => {
    const chosen = spec.methods.find((one) => one.id === methodId);
    if (!chosen) return;
    setMethod(chosen);
    // What two ways have in common stays.
    setValues({ ...initialValues(chosen.fields), ...shared(chosen, values) });
    clear();
  };
  const isSigningIn = method.auth_type === "oauth2";
  const needsKeyring = isSigningIn || method.fields.some((field) => field.secret);
  return (
    <form
      ref={form}
      noValidate
      className={styles.form}
      aria-label={`Connect ${spec.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && !isSigningIn) void submit();
      }}
    >
      {health.data?.secrets === "unavailable" && needsKeyring && <NoKeyring />}
      {spec.methods.length > 1 && !id && (
        <Choices
          legend="How to sign in"
          value={method.id}
          choices={spec.methods.map((one) => ({ value: one.id, label: one.name }))}
          onChange={choose}
        />
      )}
      <SpecFields
        fields={method.fields}
        values={values}
        faults={faults}
        onChange={(key, value) => setValues((before) => ({ ...before, [key]: value }))}
      />
      <TextField
        label="Name"
        required
        value={name}
        maxLength={200}
        error={faults.name}
        hint="How you and the agent call it."
        onChange={(event) => setName(event.target.value)}
      />
      <AccessChoice value={access} onChange={setAccess} />
      <DocsLink spec={spec} />
      {error !== null && <Failed error={error} isInline />}
      {isSigningIn ? (
        <SignIn
          spec={spec}
          provider={method.provider}
          prepare={async () => {
            clear();
            // What a sign-in does not bring is told first, to a connection that then waits for it.
            if (method.fields.length === 0 && !id) return { name, access };
            const saved = await save();
            setWaitingId(saved.id);
            return { connection_id: saved.id };
          }}
          onFailed={fail}
          onDone={onSaved}
        />
      ) : (
        <div className={styles.deeds}>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            {connectionId ? "Save and test" : "Connect"}
          </Button>
        </div>
      )}
    </form>
  );
}

function DocsLink({ spec }: { spec: ConnectorSpec }) {
  if (!spec.docs_url) return null;
  return (
    <p className={styles.hint}>
      <a href={spec.docs_url} target="_blank" rel="noopener noreferrer">
        Where {spec.name} explains this
      </a>
    </p>
  );
}

function shared(method: SpecMethod, values: Values): Values {
  const keys = new Set(method.fields.map((field) => field.key));
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => keys.has(key) && value !== ""));
}

/** Back at the form, the focus is in its first field. */
function useFocusOnReturn(form: React.RefObject<HTMLFormElement | null>, isShown: boolean): void {
  const wasShown = useRef(isShown);
  useEffect(() => {
    if (isShown && !wasShown.current) form.current?.querySelector("input")?.focus();
    wasShown.current = isShown;
  }, [form, isShown]);
}
