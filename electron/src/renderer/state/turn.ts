/** A turn as its events make it: the answer's parts and all else that people are shown of it, while it runs and after. */
import type {
  AgentResponse,
  Approval,
  Item,
  Part,
  ToolCallPart,
  TurnError,
  TurnEvent,
  Usage,
} from "@/api/types";

/** Characters of what a running tool puts out that are kept, the newest; its result has the rest. */
export const LIVE_OUTPUT_LIMIT = 64 * 1024;

/** A tool call. The extra fields are there while it runs, and gone when it has ended: then it is what is stored. */
export interface TurnCall extends ToolCallPart {
  /** The JSON text of the arguments, as far as it has come. */
  argumentsText?: string;
  /** The end of what the tool has put out so far. */
  liveOutput?: string;
}

export type TurnPart = Exclude<Part, ToolCallPart> | TurnCall;

export interface Retry {
  /** 1 for the first repetition. */
  readonly attempt: number;
  readonly waitSeconds: number;
  readonly error: TurnError;
}

export interface Compaction {
  /** The part before which it happened. */
  readonly index: number;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

export interface TurnState {
  readonly responseId: string;
  readonly conversationId: string | null;
  /** The answer's; null until it begins. */
  readonly itemId: string | null;
  readonly status: "running" | "completed" | "failed";
  /** In order. A part that an event does not touch keeps its identity. */
  readonly parts: readonly TurnPart[];
  /** The text or reasoning that is being written; null where nothing is. */
  readonly growing: number | null;
  /** What the user was asked for, the oldest first, with what came of it. */
  readonly approvals: readonly Approval[];
  /** Shown until the model goes on. */
  readonly retry: Retry | null;
  readonly compactions: readonly Compaction[];
  /** The conversation's, where this turn has given it one. */
  readonly title: string | null;
  /** Why it failed. */
  readonly error: TurnError | null;
  readonly usage: Usage | null;
  /** As the last event that had it told it: while the turn runs, as it began. */
  readonly response: AgentResponse | null;
  /** The answer as it is stored; null until it has ended. */
  readonly item: Item | null;
  /** Of the last event; -1 before the first. */
  readonly sequenceNumber: number;
}

type Draft = { -readonly [Name in keyof TurnState]: TurnState[Name] };

export function initialTurn(responseId: string, conversationId: string | null = null): TurnState {
  return {
    responseId,
    conversationId,
    itemId: null,
    status: "running",
    parts: [],
    growing: null,
    approvals: [],
    retry: null,
    compactions: [],
    title: null,
    error: null,
    usage: null,
    response: null,
    item: null,
    sequenceNumber: -1,
  };
}

/** The state after these events, in their order. Events that it has seen change nothing. */
export function reduceTurn(state: TurnState, events: readonly TurnEvent[]): TurnState {
  let draft: Draft | null = null;
  for (const event of events) {
    if (event.sequence_number <= (draft ?? state).sequenceNumber) continue;
    draft ??= { ...state };
    draft.sequenceNumber = event.sequence_number;
    take(draft, state, event);
  }
  return draft ?? state;
}

/** What waits for the user. */
export const pendingApprovals = (state: TurnState): Approval[] =>
  state.approvals.filter((approval) => approval.status === "pending");

/** The arguments of a call; none while their text has not come to its end. */
export function argumentsOf(call: TurnCall): Record<string, unknown> {
  if (call.argumentsText === undefined) return call.arguments;
  try {
    const value: unknown = JSON.parse(call.argumentsText);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function take(draft: Draft, before: TurnState, event: TurnEvent): void {
  switch (event.type) {
    case "response.created":
    case "response.in_progress":
      takeResponse(draft, event.response);
      break;
    case "response.output_item.added":
      draft.itemId = event.item.id;
      break;
    case "response.output_text.delta":
      grow(draft, before, event.content_index, "text", event.delta);
      break;
    case "response.reasoning.delta":
      grow(draft, before, event.content_index, "reasoning", event.delta);
      break;
    case "response.output_text.done":
      draft.growing = null;
      break;
    case "response.tool_call.added":
      put(draft, before, event.content_index, {
        type: "tool_call",
        call_id: event.call_id,
        name: event.name,
        arguments: {},
        output: "",
        status: "running",
        seconds: null,
        round: event.round ?? 0,
        source: null,
        links: [],
      });
      draft.growing = draft.retry = null;
      break;
    case "response.tool_call.arguments.delta":
      change(draft, before, event.content_index, (call) => ({
        ...call,
        argumentsText: (call.argumentsText ?? "") + event.delta,
      }));
      break;
    case "response.tool_call.output.delta":
      change(draft, before, event.content_index, (call) => ({
        ...call,
        liveOutput: endOf((call.liveOutput ?? "") + event.delta),
      }));
      break;
    case "response.tool_call.done":
      put(draft, before, event.content_index, event.call);
      break;
    case "response.artifact.created":
      put(draft, before, event.content_index, event.artifact);
      draft.growing = null;
      break;
    case "response.output_item.done":
      draft.item = event.item;
      draft.parts = adopted(draft.parts, event.item.parts);
      draft.growing = null;
      break;
    case "response.approval.requested":
    case "response.approval.resolved":
      draft.approvals = withApproval(draft.approvals, event.approval);
      break;
    case "response.context.compacted":
      draft.compactions = [
        ...draft.compactions,
        { index: draft.parts.length, tokensBefore: event.tokens_before, tokensAfter: event.tokens_after },
      ];
      break;
    case "response.retrying":
      draft.retry = { attempt: event.attempt, waitSeconds: event.wait_seconds, error: event.error };
      break;
    case "response.title.updated":
      draft.title = event.title;
      break;
    case "response.completed":
    case "response.failed":
      takeResponse(draft, event.response);
      draft.status = event.type === "response.completed" ? "completed" : "failed";
      draft.growing = draft.retry = null;
      break;
  }
}

function takeResponse(draft: Draft, response: AgentResponse): void {
  draft.response = response;
  draft.responseId = response.id;
  draft.conversationId = response.conversation_id;
  draft.usage = response.usage;
  draft.error = response.error;
}

function grow(
  draft: Draft,
  before: TurnState,
  index: number,
  type: "text" | "reasoning",
  delta: string,
): void {
  const part = draft.parts[index];
  if (!part) put(draft, before, index, { type, text: delta });
  // The text is joined, not copied: a delta costs the same however long the answer is.
  else if (part.type === type) put(draft, before, index, { type, text: part.text + delta });
  draft.growing = index;
  draft.retry = null;
}

function change(draft: Draft, before: TurnState, index: number, made: (call: TurnCall) => TurnCall): void {
  const part = draft.parts[index];
  if (part?.type === "tool_call") put(draft, before, index, made(part));
}

function put(draft: Draft, before: TurnState, index: number, part: TurnPart): void {
  if (index > draft.parts.length) return;
  // Copied once for all events that come together.
  const parts = draft.parts === before.parts ? [...draft.parts] : (draft.parts as TurnPart[]);
  parts[index] = part;
  draft.parts = parts;
}

/** Twice the limit is let in before it is cut, so that cutting costs little for each piece. */
function endOf(text: string): string {
  if (text.length <= 2 * LIVE_OUTPUT_LIMIT) return text;
  const end = text.slice(-LIVE_OUTPUT_LIMIT);
  const newline = end.indexOf("\n");
  if (newline >= 0) return end.slice(newline + 1);
  return /^[\udc00-\udfff]/.test(end) ? end.slice(1) : end;
}

function withApproval(approvals: readonly Approval[], approval: Approval): readonly Approval[] {
  return approvals.some((one) => one.id === approval.id)
    ? approvals.map((one) => (one.id === approval.id ? approval : one))
    : [...approvals, approval];
}

/** The stored parts; those that are the same already keep their identity. */
function adopted(parts: readonly TurnPart[], stored: readonly Part[]): readonly TurnPart[] {
  const next = stored.map((part, index) => {
    const mine = parts[index];
    return mine && isSame(mine, part) ? mine : part;
  });
  return next.length === parts.length && next.every((part, index) => part === parts[index]) ? parts : next;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}
