/** Uploads: with real progress, which fetch cannot tell of, and without one that was changed of mind about. */
import { ApiError, client, done, toApiError, UNREACHABLE } from "./client";
import type { FileView } from "./types";

/** What a file will belong to. */
export type UploadPlace = { conversation_id: string } | { project_id: string };

interface Upload {
  file: File;
  place: UploadPlace;
  /** 0 to 1: how much of it has left this window. */
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** Throws ApiError, or an AbortError where `signal` was aborted. */
export function uploadFile({ file, place, onProgress, signal }: Upload): Promise<FileView> {
  const form = new FormData();
  for (const [name, id] of Object.entries(place)) form.append(name, id);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal?.addEventListener("abort", abort);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress?.(event.total > 0 ? event.loaded / event.total : 1);
    };
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(body as FileView);
      else reject(toApiError(request.status, body));
    };
    request.onerror = () => reject(new ApiError(0, "unreachable", UNREACHABLE));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    request.open("POST", "/api/v1/files");
    if (signal?.aborted) reject(new DOMException("The upload was cancelled.", "AbortError"));
    else request.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Takes back what was uploaded: it does not come with the next message, and is gone. One that is gone already is so. */
export async function deleteUpload(file_id: string): Promise<void> {
  try {
    await done(client.DELETE("/api/v1/files/{file_id}", { params: { path: { file_id } } }));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

/** Uploads the same bytes to another conversation. */
export async function copyUpload(
  file: { id: string; name: string; mime_type: string },
  conversationId: string,
): Promise<FileView> {
  const response = await globalThis
    .fetch(`/api/v1/files/${encodeURIComponent(file.id)}/content`)
    .catch(() => Promise.reject(new ApiError(0, "unreachable", UNREACHABLE)));
  if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
  const bytes = await response.blob();
  return uploadFile({
    file: new File([bytes], file.name, { type: file.mime_type }),
    place: { conversation_id: conversationId },
  });
}
