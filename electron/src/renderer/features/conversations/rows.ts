/** What the thread shows, one below the other: messages, and the answers that are on their way or never came. */
import type { AgentResponse, Item } from "@/api/types";

export interface QuestionRow {
  kind: "question";
  key: string;
  /** Null: it was sent a moment ago. */
  item: Item | null;
  text: string;
}

export interface AnswerRow {
  kind: "answer";
  key: string;
  /** Null of what a branch took over. */
  responseId: string | null;
  /** Null while it is not stored, and where nothing came. */
  item: Item | null;
  /** The message that it answers. */
  question: Item | null;
}

export type Row = QuestionRow | AnswerRow;

/** A row keeps its key when what it shows is stored. */
export function toRows(items: readonly Item[], running: AgentResponse | null): Row[] {
  const rows: Row[] = [];
  const answered = new Set(items.filter(isAnswer).map((item) => item.response_id));
  const asked = new Set(items.filter((item) => !isAnswer(item)).map((item) => item.response_id));
  let question: Item | null = null;
  for (const item of items) {
    const { response_id: responseId } = item;
    if (isAnswer(item)) {
      rows.push({ kind: "answer", key: keyOf("answer", responseId ?? item.id), responseId, item, question });
      continue;
    }
    question = item;
    rows.push({ kind: "question", key: keyOf("question", responseId ?? item.id), item, text: item.content });
    if (responseId !== null && !answered.has(responseId)) {
      rows.push({ kind: "answer", key: keyOf("answer", responseId), responseId, item: null, question });
    }
  }
  if (running && !asked.has(running.id) && !answered.has(running.id)) {
    const responseId = running.id;
    rows.push({ kind: "question", key: keyOf("question", responseId), item: null, text: running.input });
    rows.push({ kind: "answer", key: keyOf("answer", responseId), responseId, item: null, question: null });
  }
  return rows;
}

const isAnswer = (item: Item): boolean => item.role === "assistant";
const keyOf = (kind: Row["kind"], id: string): string => `${kind}:${id}`;
