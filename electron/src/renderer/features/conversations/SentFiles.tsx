/** The files that came with a message: pictures small, all as links. */
import { Link } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import { useState } from "react";
import type { AttachmentPart } from "@/api/types";
import { bytes } from "@/components/format";
import styles from "./SentFiles.module.css";

export function SentFiles({ files }: { files: readonly AttachmentPart[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.files} aria-label="Files of this message">
      {files.map((file) => (
        <li key={file.file_id}>
          <Link to="/files/$fileId" params={{ fileId: file.file_id }} search={{}} className={styles.file}>
            <Thumbnail file={file} />
            <span className={styles.name} title={file.name}>
              {file.name}
            </span>
            <span className={styles.size}>{bytes(file.size)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Thumbnail({ file }: { file: AttachmentPart }) {
  const [isBroken, setBroken] = useState(false);
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.mime_type) || isBroken) {
    return <FileText className={styles.icon} aria-hidden />;
  }
  return (
    <img
      className={styles.picture}
      src={`/api/v1/files/${encodeURIComponent(file.file_id)}/content`}
      alt=""
      loading="lazy"
      onError={() => setBroken(true)}
    />
  );
}
