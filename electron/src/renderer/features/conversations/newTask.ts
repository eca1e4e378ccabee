/** The conversation of a task that is not there yet: made when its first file or its message needs it. */
import { ApiError } from "@/api/client";
import { createConversation, deleteConversation } from "@/api/conversations";
import { copyUpload } from "@/api/uploads";
import { changeDraft, NEW, readDraft, type Attached, type Draft } from "@/state/draft";

let making: Promise<string> | null = null;

/** Where its files go; several at once ask for it. */
export function placeOfNewTask(projectId: string | null): Promise<string> {
  const known = readDraft(NEW).conversation;
  if (known) return Promise.resolve(known.id);
  making ??= make(projectId).finally(() => (making = null));
  return making;
}

async function make(projectId: string | null): Promise<string> {
  const { id } = await createConversation(projectId === null ? {} : { project_id: projectId });
  changeDraft(NEW, { conversation: { id, projectId } });
  return id;
}

/** The conversation and the files to send with; both anew where another project was chosen after the first upload. */
export async function settledPlace(
  projectId: string | null,
  draft: Draft,
): Promise<{ id: string; files: readonly Attached[] }> {
  const { conversation: known, files } = draft;
  if (!known || known.projectId === projectId) return { id: await placeOfNewTask(projectId), files };
  const { id } = await createConversation(projectId === null ? {} : { project_id: projectId });
  const moved = await Promise.all(files.map((file) => broughtTo(id, file))).catch(async (error: unknown) => {
    await deleteConversation(id).catch(() => undefined);
    throw error;
  });
  changeDraft(NEW, { conversation: { id, projectId }, files: moved });
  await deleteConversation(known.id).catch(() => undefined);
  return { id, files: moved };
}

async function broughtTo(conversationId: string, file: Attached): Promise<Attached> {
  if (file.isShared) return file;
  const { id } = await copyUpload(file, conversationId);
  return { ...file, id };
}

/** Its files are gone with it. */
export function forgetPlace(): void {
  changeDraft(NEW, { conversation: null, files: readDraft(NEW).files.filter((file) => file.isShared) });
}

/** Without files it needs no conversation, which would stand empty in the list. */
export async function leavePlace(): Promise<void> {
  const known = readDraft(NEW).conversation;
  if (!known) return;
  forgetPlace();
  try {
    await deleteConversation(known.id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}
