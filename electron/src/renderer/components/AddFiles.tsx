/** The button that adds files, the word that they can be dropped, and the uploads that are under way or have failed. */
import { RotateCw, Upload as UploadIcon, X } from "lucide-react";
import { useRef, useState } from "react";
import type { AddingFiles } from "@/hooks/useAddFiles";
import { dropUpload, retryUpload, useUploads, type Upload } from "@/state/uploads";
import styles from "./AddFiles.module.css";
import { Button, IconButton } from "./Button";
import { bytes, plural } from "./format";

export function AddFilesButton({ adding, target }: { adding: AddingFiles; target: string }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label="Files to add"
        onChange={(event) => {
          adding.add([...(event.target.files ?? [])]);
          // The same file can be picked again.
          event.target.value = "";
        }}
      />
      <Button
        kind="primary"
        icon={<UploadIcon />}
        disabled={!adding.isReady}
        title={`To ${target}`}
        onClick={() => picker.current?.click()}
      >
        Add files
      </Button>
      {adding.isOver && (
        <div className={styles.drop} aria-hidden>
          Drop files to add them to {target}
        </div>
      )}
    </>
  );
}

export function Uploads({ adding: { key } }: { adding: AddingFiles }) {
  const uploads = useUploads(key);
  const list = useRef<HTMLUListElement>(null);
  const drop = (upload: Upload) => {
    dropUpload(key, upload.id);
    list.current?.focus();
  };
  return (
    <>
      <Announcement uploads={uploads} />
      <ul
        ref={list}
        className={styles.uploads}
        aria-label="Uploads"
        tabIndex={-1}
        hidden={uploads.length === 0}
      >
        {uploads.map((upload) => (
          <UploadRow
            key={upload.id}
            upload={upload}
            onDrop={() => drop(upload)}
            onRetry={() => {
              retryUpload(key, upload.id);
              list.current?.focus();
            }}
          />
        ))}
      </ul>
    </>
  );
}

/** Heard, not seen: how many are under way, and that they have ended. */
function Announcement({ uploads }: { uploads: readonly Upload[] }) {
  const [hasBegun, setBegun] = useState(false);
  const count = uploads.filter(({ error }) => error === null).length;
  if (count > 0 && !hasBegun) setBegun(true);
  return (
    <div role="status" className="visually-hidden">
      {count > 0 ? `${plural(count, "upload")} under way` : hasBegun && "The uploads have ended"}
    </div>
  );
}

interface UploadRowProps {
  upload: Upload;
  onDrop: () => void;
  onRetry: () => void;
}

function UploadRow({ upload: { name, size, share, error, canRetry }, onDrop, onRetry }: UploadRowProps) {
  const percent = Math.round(share * 100);
  return (
    <li className={styles.upload}>
      <span className={styles.name} title={name}>
        {name}
      </span>
      {error === null ? (
        <>
          <span className={styles.note}>
            {percent < 100 ? `${percent} % of ${bytes(size)}` : "Is being stored"}
          </span>
          <span
            className={styles.progress}
            role="progressbar"
            aria-label={`Upload of ${name}`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={percent}
          >
            <span className={styles.done} style={{ width: `${percent}%` }} />
          </span>
        </>
      ) : (
        <span className={styles.fault} role="alert">
          {error}
        </span>
      )}
      <span className={styles.deeds}>
        {error !== null && canRetry && (
          <IconButton label={`Upload ${name} again`} icon={<RotateCw />} size="small" onClick={onRetry} />
        )}
        <IconButton
          label={error === null ? `Cancel the upload of ${name}` : `Remove ${name} from the uploads`}
          icon={<X />}
          size="small"
          onClick={onDrop}
        />
      </span>
    </li>
  );
}
