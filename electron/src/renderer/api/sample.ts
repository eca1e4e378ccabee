/** The sample task: made-up sales of a year, which come with the app. */
import sampleUrl from "../../../../assets/demo/sales.csv?url";
import { ApiError, UNREACHABLE } from "./client";
import { createConversation, deleteConversation } from "./conversations";
import { sendMessage } from "./responses";
import type { AgentResponse } from "./types";
import { uploadFile } from "./uploads";

/** Makes a conversation with the sample file, and starts its turn. What fails leaves nothing behind. */
export async function startSample(): Promise<AgentResponse> {
  const table = await sampleFile();
  const conversation = await createConversation({ title: "Sample: sales" });
  try {
    const { id } = await uploadFile({ file: table, place: { conversation_id: conversation.id } });
    const message = { text: "Summarise this data", fileIds: [id], skillIds: [], model: null };
    return await sendMessage(conversation.id, message);
  } catch (error) {
    await deleteConversation(conversation.id).catch(() => undefined);
    throw error;
  }
}

async function sampleFile(): Promise<File> {
  const answer = await globalThis.fetch(sampleUrl).catch(() => null);
  if (!answer?.ok) throw new ApiError(answer?.status ?? 0, "unreachable", UNREACHABLE);
  return new File([await answer.blob()], "sales.csv", { type: "text/csv" });
}
