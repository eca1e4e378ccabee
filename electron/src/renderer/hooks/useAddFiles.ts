/** Adding files to a project: chosen, or dropped anywhere in the window. */
import { upload } from "@/state/uploads";
import { useFileDrop } from "./useFileDrop";
import { useLargestFile } from "./useLargestFile";
import { useRenew } from "./useRenew";

export interface AddingFiles {
  /** Of its uploads. */
  key: string;
  add: (files: readonly File[]) => void;
  /** Bytes of one file; null: not known yet. */
  largest: number | null;
  /** Files hover over the window. */
  isOver: boolean;
  /** It is known where they go. */
  isReady: boolean;
}

export function useAddFiles(projectId: string | undefined): AddingFiles {
  const { largest, refusal } = useLargestFile();
  const renew = useRenew();
  const key = `project ${projectId ?? ""}`;
  const add = (files: readonly File[]) => {
    if (projectId === undefined) return;
    upload(key, files, {
      place: () => Promise.resolve({ project_id: projectId }),
      refusal,
      onStored: () => renew("files"),
    });
  };
  const isOver = useFileDrop((files) => add(files));
  return { key, add, largest, isOver, isReady: projectId !== undefined };
}
