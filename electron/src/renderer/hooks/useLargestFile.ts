/** How large an uploaded file may be, told before the upload begins. */
import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "@/api/settings";
import { bytes } from "@/components/format";

interface LargestFile {
  /** In bytes; null: not known yet. */
  largest: number | null;
  /** What is wrong with the file, in words. */
  refusal: (file: File) => string | null;
}

export function useLargestFile(): LargestFile {
  const settings = useQuery(settingsQuery);
  const largest = settings.data?.files?.largest_bytes ?? null;
  const refusal = (file: File) =>
    largest !== null && file.size > largest
      ? `It has ${bytes(file.size)}; files may have ${bytes(largest)} at most.`
      : null;
  return { largest, refusal };
}
