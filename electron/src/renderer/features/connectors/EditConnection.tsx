/** Changes of a connection: what is left empty stays. */
import { useState } from "react";
import { updateConnection } from "@/api/connections";
import type { Connection, ConnectorSpec } from "@/api/types";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Failed } from "@/components/States";
import { toast } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { AccessChoice } from "./Choices";
import styles from "./Form.module.css";
import { SignIn } from "./SignIn";
import { SpecFields } from "./SpecFields";
import { changesOf, type Values } from "./credentials";
import { useFaults } from "./useFaults";

interface EditConnectionProps {
  connection: Connection;
  spec: ConnectorSpec;
  onClose: () => void;
}

export function EditConnection({ connection, spec, onClose }: EditConnectionProps) {
  const [name, setName] = useState(connection.name);
  const [access, setAccess] = useState(connection.access);
  const [values, setValues] = useState<Values>({});
  const [isBusy, setBusy] = useState(false);
  const { form, faults, error, fail, clear } = useFaults();
  const renew = useRenew();
  const method = spec.methods.find((one) => one.id === connection.method);
  const save = async () => {
    clear();
    setBusy(true);
    try {
      const credentials = changesOf(method?.fields ?? [], values);
      await updateConnection(connection.id, {
        name,
        access,
        ...(Object.keys(credentials).length > 0 && { credentials }),
      });
      renew("connections");
      toast("The connection is changed.");
      onClose();
    } catch (failure) {
      fail(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      noValidate
      aria-label={`Edit ${connection.name}`}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void save();
      }}
    >
      <TextField
        label="Name"
        required
        // The user has just asked to write here.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        maxLength={200}
        value={name}
        error={faults.name}
        onChange={(event) => setName(event.target.value)}
      />
      <AccessChoice value={access} onChange={setAccess} />
      <SpecFields
        fields={method?.fields ?? []}
        values={values}
        faults={faults}
        isKeeping
        onChange={(key, value) => setValues((before) => ({ ...before, [key]: value }))}
      />
      {error !== null && <Failed error={error} isInline />}
      <div className={styles.deeds}>
        <Button kind="primary" type="submit" isBusy={isBusy}>
          Save
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
      {method?.auth_type === "oauth2" && (
        <SignIn
          spec={spec}
          provider={method.provider}
          prepare={() => Promise.resolve({ connection_id: connection.id })}
          onFailed={fail}
          onDone={onClose}
        />
      )}
    </form>
  );
}
