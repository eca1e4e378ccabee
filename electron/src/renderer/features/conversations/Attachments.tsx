/** What comes with a message: files as they are uploaded and when they are there, and chosen skills. */
import { File as FileIcon, RotateCw, Sparkles, X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "@/components/Button";
import { classes } from "@/components/classes";
import { bytes } from "@/components/format";
import type { Attached, ChosenSkill } from "@/state/draft";
import type { Upload } from "@/state/uploads";
import styles from "./Attachments.module.css";

interface AttachmentsProps {
  files: readonly Attached[];
  uploads: readonly Upload[];
  skills: readonly ChosenSkill[];
  onRemoveFile: (file: Attached) => void;
  onRemoveSkill: (skill: ChosenSkill) => void;
  onDropUpload: (upload: Upload) => void;
  onRetryUpload: (upload: Upload) => void;
}

export function Attachments({
  files,
  uploads,
  skills,
  onRemoveFile,
  onRemoveSkill,
  onDropUpload,
  onRetryUpload,
}: AttachmentsProps) {
  if (files.length + uploads.length + skills.length === 0) return null;
  return (
    <ul className={styles.chips} aria-label="Comes with the message">
      {skills.map((skill) => (
        <Chip
          key={skill.id}
          icon={<Sparkles />}
          name={skill.name}
          note="Skill"
          removal={`Remove the skill ${skill.name}`}
          onRemove={() => onRemoveSkill(skill)}
        />
      ))}
      {files.map((file) => (
        <Chip
          key={file.id}
          icon={<FileIcon />}
          name={file.name}
          note={bytes(file.size)}
          removal={`Remove ${file.name}`}
          onRemove={() => onRemoveFile(file)}
        />
      ))}
      {uploads.map((upload) => (
        <UploadChip
          key={upload.id}
          upload={upload}
          onRemove={() => onDropUpload(upload)}
          onRetry={() => onRetryUpload(upload)}
        />
      ))}
    </ul>
  );
}

interface ChipProps {
  icon: ReactNode;
  name: string;
  note: ReactNode;
  removal: string;
  onRemove: () => void;
  isFailed?: boolean;
  children?: ReactNode;
}

function Chip({ icon, name, note, removal, onRemove, isFailed, children }: ChipProps) {
  return (
    <li className={classes(styles.chip, isFailed && styles.failed)}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <span className={styles.words}>
        <span className={styles.name} title={name}>
          {name}
        </span>
        <span className={styles.note}>{note}</span>
      </span>
      {children}
      <IconButton label={removal} icon={<X />} size="small" onClick={onRemove} />
    </li>
  );
}

interface UploadChipProps {
  upload: Upload;
  onRemove: () => void;
  onRetry: () => void;
}

function UploadChip({ upload, onRemove, onRetry }: UploadChipProps) {
  const { name, size, share, error, canRetry } = upload;
  if (error !== null) {
    return (
      <Chip
        icon={<FileIcon />}
        name={name}
        note={<span role="alert">{error}</span>}
        removal={`Remove ${name}`}
        onRemove={onRemove}
        isFailed
      >
        {canRetry && (
          <IconButton label={`Upload ${name} again`} icon={<RotateCw />} size="small" onClick={onRetry} />
        )}
      </Chip>
    );
  }
  const percent = Math.round(share * 100);
  return (
    <Chip
      icon={<FileIcon />}
      name={name}
      note={`${percent} % of ${bytes(size)}`}
      removal={`Cancel the upload of ${name}`}
      onRemove={onRemove}
    >
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
    </Chip>
  );
}
