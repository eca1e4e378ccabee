/** Uploads that are under way or have failed, of each task: they go on while another view is shown. */
import { useSyncExternalStore } from "react";
import { messageOf } from "@/api/client";
import { deleteUpload, uploadFile } from "@/api/uploads";
import { attach } from "./draft";

export interface Upload {
  id: string;
  name: string;
  size: number;
  /** 0 to 1. */
  share: number;
  /** Why it failed. */
  error: string | null;
  canRetry: boolean;
}

interface Entry extends Upload {
  file: File;
  abort: AbortController;
  /** Where it goes: known when the task is. */
  place: () => Promise<string>;
}

const NONE: readonly Upload[] = [];
const entries = new Map<string, readonly Entry[]>();
/** Taken back when all of them had left: the server may have them already. */
const unwanted = new Set<string>();
const readers = new Set<() => void>();

function set(key: string, uploads: readonly Entry[]): void {
  if (uploads.length > 0) entries.set(key, uploads);
  else entries.delete(key);
  readers.forEach((reader) => reader());
}

const all = (key: string): readonly Entry[] => entries.get(key) ?? [];

function change(key: string, id: string, changes: Partial<Entry>): void {
  set(
    key,
    all(key).map((entry) => (entry.id === id ? { ...entry, ...changes } : entry)),
  );
}

const drop = (key: string, id: string): void =>
  set(
    key,
    all(key).filter((entry) => entry.id !== id),
  );

const isUnderWay = (upload: Upload): boolean => upload.error === null;

/** Uploads them; `refusal` says what is wrong with one that is not even tried. `place` gives the conversation. */
export function upload(
  key: string,
  files: readonly File[],
  place: () => Promise<string>,
  refusal: (file: File) => string | null,
): void {
  const added = files.map((file): Entry => {
    const error = refusal(file);
    return {
      id: crypto.randomUUID(),
      name: file.name,
      size: file.size,
      share: 0,
      error,
      canRetry: error === null,
      file,
      place,
      abort: new AbortController(),
    };
  });
  set(key, [...all(key), ...added]);
  for (const entry of added) if (entry.error === null) void run(key, entry);
}

async function run(key: string, { id, file, abort, place }: Entry): Promise<void> {
  try {
    const conversationId = await place();
    const { name, size, mime_type, ...stored } = await uploadFile({
      file,
      conversationId,
      signal: abort.signal,
      onProgress: (share) => change(key, id, { share }),
    });
    if (unwanted.delete(id)) {
      await deleteUpload(stored.id);
      return;
    }
    attach(key, { id: stored.id, name, size, mime_type });
    drop(key, id);
  } catch (error) {
    if (abort.signal.aborted) return;
    change(key, id, { error: messageOf(error) });
  }
}

/** Stops it, or forgets one that failed. */
export function dropUpload(key: string, id: string): void {
  const entry = all(key).find((one) => one.id === id);
  if (entry?.error === null && entry.share === 1) unwanted.add(id);
  else entry?.abort.abort();
  drop(key, id);
}

export function retryUpload(key: string, id: string): void {
  change(key, id, { share: 0, error: null });
  const entry = all(key).find((one) => one.id === id);
  if (entry) void run(key, entry);
}

/** Waits until none is under way; false where one has failed. */
export function uploadsSettled(key: string): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (all(key).some(isUnderWay)) return;
      readers.delete(look);
      resolve(all(key).length === 0);
    };
    readers.add(look);
    look();
  });
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

export const useUploads = (key: string): readonly Upload[] =>
  useSyncExternalStore(subscribe, () => entries.get(key) ?? NONE);

// A reload would cut them off.
globalThis.addEventListener("beforeunload", (event) => {
  if ([...entries.values()].flat().some(isUnderWay)) event.preventDefault();
});
