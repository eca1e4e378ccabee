/** What was written while a turn ran, of each task: it waits its turn in this browser, and outlives a reload. */
import { readStored, useStored, writeStored } from "@/hooks/useStored";
import type { Draft } from "./draft";

export interface Waiting extends Pick<Draft, "text" | "files" | "skills"> {
  id: string;
  model: string | null;
}

export interface Queue {
  messages: readonly Waiting[];
  /** Why it does not go on by itself. */
  hold?: string;
}

type Queues = Record<string, Queue>;

const KEY = "cowork.queue";
const NO_QUEUES: Queues = {};
const EMPTY: Queue = { messages: [] };

/** All tasks that something waits in. */
export function useQueues(): Queues {
  const [queues] = useStored(KEY, NO_QUEUES);
  return queues;
}

export const useQueue = (conversationId: string): Queue => useQueues()[conversationId] ?? EMPTY;

export const readQueue = (conversationId: string): Queue =>
  readStored(KEY, NO_QUEUES)[conversationId] ?? EMPTY;

function write(conversationId: string, queue: Queue): void {
  const all = { ...readStored(KEY, NO_QUEUES) };
  if (queue.messages.length > 0) all[conversationId] = queue;
  else delete all[conversationId];
  writeStored(KEY, Object.keys(all).length > 0 ? all : null);
}

export function enqueue(conversationId: string, message: Omit<Waiting, "id">): void {
  const queue = readQueue(conversationId);
  write(conversationId, { ...queue, messages: [...queue.messages, { ...message, id: crypto.randomUUID() }] });
}

/** Takes a message out; null where it is gone. */
export function dequeue(conversationId: string, id: string): Waiting | null {
  const queue = readQueue(conversationId);
  const found = queue.messages.find((message) => message.id === id);
  if (!found) return null;
  write(conversationId, { ...queue, messages: queue.messages.filter((message) => message !== found) });
  return found;
}

/** Lets it wait for the user's word. */
export function holdQueue(conversationId: string, hold: string): void {
  const { messages } = readQueue(conversationId);
  if (messages.length > 0) write(conversationId, { messages, hold });
}

export const releaseQueue = (conversationId: string): void =>
  write(conversationId, { messages: readQueue(conversationId).messages });

export const dropQueue = (conversationId: string): void => write(conversationId, EMPTY);
