/** Where everything is kept, its backups, and how to bring one back. */
import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import { backupsQuery, createBackup } from "@/api/backups";
import type { Settings } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { bytes, plural } from "@/components/format";
import { Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./SettingsView.module.css";

export function DataSection({ settings }: { settings: Settings }) {
  const backups = useQuery(backupsQuery);
  const newest = backups.data?.data[0]?.path ?? `${settings.backups_dir}/….zip`;
  return (
    <>
      <dl className={styles.facts}>
        <dt>Data folder</dt>
        <dd>
          <Copyable text={settings.data_dir} what="the data folder" />
        </dd>
      </dl>
      <BackUp />
      {backups.isPending && <Loading lines={2} label="Loading backups" />}
      {backups.isError && <Failed error={backups.error} onRetry={() => void backups.refetch()} isInline />}
      {backups.data?.total === 0 && <p className={styles.none}>There is no backup yet.</p>}
      <ul className={styles.rows}>
        {backups.data?.data.map((backup) => (
          <li key={backup.path}>
            <code className={styles.path}>{backup.path}</code>
            <span className={styles.none}>
              {bytes(backup.size)} · <Time at={backup.created_at} />
            </span>
          </li>
        ))}
      </ul>
      <div>
        <h3>Restore</h3>
        <p className={styles.none}>
          A backup becomes a data folder of its own, and what is here stays as it is. This makes one; start
          Cowork with the same <code>--data-dir</code> to work in it.
        </p>
        <Copyable
          text={`cowork-desktop restore "${newest}" --data-dir "${settings.data_dir}-restored"`}
          what="the command"
        />
      </div>
    </>
  );
}

function BackUp() {
  const [isBusy, setBusy] = useState(false);
  const renew = useRenew();
  const begin = async () => {
    setBusy(true);
    try {
      const made = await createBackup();
      const state = made.verified
        ? "Read again whole, and found as it should be."
        : `${plural(made.damaged.length, "file")} had been damaged before, on the disk.`;
      toast(`Backed up, ${bytes(made.size)}. ${state}`);
      renew("backups");
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles.deeds}>
      <Button isBusy={isBusy} onClick={() => void begin()}>
        Back up now
      </Button>
      <span className={styles.none}>Credentials are not in it.</span>
    </div>
  );
}

function Copyable({ text, what }: { text: string; what: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  };
  return (
    <span className={styles.copyable}>
      <code className={styles.path}>{text}</code>
      <IconButton
        label={`Copy ${what}`}
        icon={<Copy />}
        size="small"
        onClick={() => void copy().catch(toastError)}
      />
    </span>
  );
}
