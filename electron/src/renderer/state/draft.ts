/** What is written and not sent yet, of each task: kept by this browser, so that it outlives a reload. */
import { useMemo } from "react";
import { readStored, useStored, writeStored } from "@/hooks/useStored";

/** A file that comes with a message. */
export interface Attached {
  id: string;
  name: string;
  size: number;
  mime_type: string;
  /** It was there before: taking it off the message does not delete it. */
  isShared?: boolean;
}

export interface ChosenSkill {
  id: string;
  name: string;
}

export interface Draft {
  text: string;
  files: readonly Attached[];
  skills: readonly ChosenSkill[];
  /** Of the new task: the conversation that was made for its files, and whose it is. */
  conversation: { id: string; projectId: string | null } | null;
}

/** The draft's key of the task that is not there yet. */
export const NEW = "new";

const NOTHING: Draft = { text: "", files: [], skills: [], conversation: null };
const keyOf = (key: string): string => `cowork.draft.${key}`;

export const readDraft = (key: string): Draft => readStored(keyOf(key), NOTHING);

export function changeDraft(key: string, change: Partial<Draft>): void {
  const draft = { ...readDraft(key), ...change };
  const isEmpty = !draft.text && draft.files.length === 0 && draft.skills.length === 0 && !draft.conversation;
  writeStored(keyOf(key), isEmpty ? null : draft);
}

export const clearDraft = (key: string): void => writeStored(keyOf(key), null);

export function attach(key: string, file: Attached): void {
  const { files } = readDraft(key);
  if (!files.some((there) => there.id === file.id)) changeDraft(key, { files: [...files, file] });
}

export const detach = (key: string, fileId: string): void =>
  changeDraft(key, { files: readDraft(key).files.filter((file) => file.id !== fileId) });

/** Puts what was to be sent back before what is written: nothing is lost. */
export function putBack(key: string, back: Pick<Draft, "text" | "files" | "skills">): void {
  const draft = readDraft(key);
  const isNew = (id: string, there: readonly { id: string }[]) => !there.some((one) => one.id === id);
  changeDraft(key, {
    text: [back.text, draft.text].filter((text) => text.trim()).join("\n\n"),
    files: [...back.files, ...draft.files.filter((file) => isNew(file.id, back.files))],
    skills: [...back.skills, ...draft.skills.filter((skill) => isNew(skill.id, back.skills))],
  });
}

/** The draft that a conversation goes on with: one that was made for the new task's files has that one's. */
export function useDraftKey(conversationId: string): string {
  const [fresh] = useStored(keyOf(NEW), NOTHING);
  return fresh.conversation?.id === conversationId ? NEW : conversationId;
}

export function useDraft(key: string): Draft {
  const [draft] = useStored(keyOf(key), NOTHING);
  return draft;
}

type Choices = Readonly<Record<string, string>>;

const MODELS = "cowork.models";
const NONE: Choices = {};
const KEPT = 200;

export const readModelChoice = (key: string): string | null => readStored(MODELS, NONE)[key] ?? null;

/** The model of a task's next messages; null: the project's, or the settings'. */
export function useModelChoice(key: string): [string | null, (model: string | null) => void] {
  const [choices] = useStored(MODELS, NONE);
  return useMemo(() => [choices[key] ?? null, (model) => chooseModel(key, model)], [choices, key]);
}

export function chooseModel(key: string, model: string | null): void {
  const others = Object.entries(readStored(MODELS, NONE)).filter(([known]) => known !== key);
  const all = model === null ? others : [[key, model] as const, ...others];
  writeStored(MODELS, all.length > 0 ? Object.fromEntries(all.slice(0, KEPT)) : null);
}
