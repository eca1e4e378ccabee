/** Uploads that are under way or have failed, of each task or project: they go on while another view is shown. */
import { useSyncExternalStore } from "react";
import { messageOf } from "@/api/client";
import type { FileView } from "@/api/types";
import { deleteUpload, uploadFile, type UploadPlace } from "@/api/uploads";

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

export interface Destination {
  /** Known when the task is. */
  place: () => Promise<UploadPlace>;
  /** What is wrong with a file that is not even tried. */
  refusal: (file: File) => string | null;
  onStored: (file: FileView) => void;
}

interface Entry extends Upload {
  file: File;
  abort: AbortController;
  destination: Destination;
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

export function upload(key: string, files: readonly File[], destination: Destination): void {
  const added = files.map((file): Entry => {
    const error = destination.refusal(file);
    return {
      id: crypto.randomUUID(),
      name: file.name,
      size: file.size,
      share: 0,
      error,
      canRetry: error === null,
      file,
      destination,
      abort: new AbortController(),
    };
  });
  set(key, [...all(key), ...added]);
  for (const entry of added) if (entry.error === null) begin(key, entry);
}

/** Browsers open six connections to a server: some must stay free for what is shown meanwhile. */
let free = 3;
const waiting: (() => void)[] = [];

async function inTurn(deed: () => Promise<void>): Promise<void> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  await deed().finally(() => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  });
}

function begin(key: string, entry: Entry): void {
  // One may be taken back while it waits.
  void inTurn(() => (entry.abort.signal.aborted ? Promise.resolve() : run(key, entry)));
}

async function run(key: string, { id, file, abort, destination }: Entry): Promise<void> {
  try {
    const place = await destination.place();
    const stored = await uploadFile({
      file,
      place,
      signal: abort.signal,
      onProgress: (share) => change(key, id, { share }),
    });
    if (unwanted.delete(id)) {
      await deleteUpload(stored.id);
      return;
    }
    destination.onStored(stored);
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
  if (entry) begin(key, entry);
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
