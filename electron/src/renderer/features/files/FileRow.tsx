/** One file in a list. */
import { Link } from "@tanstack/react-router";
import { Download, Trash2 } from "lucide-react";
import { deleteFile, fileContentUrl } from "@/api/files";
import type { FileView } from "@/api/types";
import { Badge } from "@/components/Badge";
import { IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { bytes } from "@/components/format";
import { textStatus } from "@/components/textStatus";
import { Time } from "@/components/Time";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./FilesView.module.css";

export function FileRow({ file }: { file: FileView }) {
  const { words, tone } = textStatus(file);
  const confirm = useConfirm();
  const renew = useRenew();
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this file?",
      description: `“${file.name}” and its text will be gone from tasks and from the search.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteFile(file.id);
    renew("files");
  };
  return (
    <li className={styles.row}>
      <Link to="/files/$fileId" params={{ fileId: file.id }} className={styles.name}>
        {file.name}
      </Link>
      <Badge tone={tone}>{words}</Badge>
      <span className={styles.facts}>
        {bytes(file.size)} · <Time at={file.created_at} />
        {file.conversation_id && (
          <>
            {" · "}
            <Link to="/tasks/$conversationId" params={{ conversationId: file.conversation_id }}>
              its task<span className="visually-hidden">, of {file.name}</span>
            </Link>
          </>
        )}
      </span>
      <span className={styles.deeds}>
        <a href={fileContentUrl(file.id)} download className={styles.download}>
          <Download aria-hidden />
          <span className="visually-hidden">Download {file.name}</span>
        </a>
        <IconButton
          label={`Delete ${file.name}`}
          icon={<Trash2 />}
          size="small"
          onClick={() => void remove().catch(toastError)}
        />
      </span>
    </li>
  );
}
