/** What has become of a file's text; while it is read, how far. */
import { useQuery } from "@tanstack/react-query";
import { fileQuery } from "@/api/files";
import type { FileView } from "@/api/types";
import { Badge } from "./Badge";
import { textStatus } from "./textStatus";

const EACH = 1_000;

export function FileStatus({ file }: { file: FileView }) {
  const isRead = file.text_status === "extracting";
  // Its state is told by events, its progress is not.
  const { data } = useQuery({ ...fileQuery(file.id), enabled: isRead, refetchInterval: isRead && EACH });
  const { words, tone } = textStatus(isRead ? (data ?? file) : file);
  // Most are as they should be, which is said quietly.
  return tone === "good" || tone === "neutral" ? <span>{words}</span> : <Badge tone={tone}>{words}</Badge>;
}
