/** What goes on in the server, for the tray and for notifications: which turns run, what the user is asked. */
import { followEvents } from "../shared/following";
import type { Approval, ServerEvent, TurnEnded } from "../renderer/api/types";
import type { Log } from "./log";
import type { ServerApi } from "./serverApi";

export interface RunningTask {
  conversationId: string;
  title: string;
}

export interface Activity {
  running: readonly RunningTask[];
  /** How many calls and questions wait for the user. */
  asked: number;
}

export interface ActivityReader {
  onActivity: (activity: Activity) => void;
  onEnded: (event: TurnEnded, title: string) => void;
  onAsked: (approval: Approval, title: string) => void;
  onArtifactDeleted: (id: string) => void;
}

const UNTITLED = "Untitled task";
export const NOTHING: Activity = { running: [], asked: 0 };

/** Tells of each change until the server's run is over. */
export async function followActivity(api: ServerApi, reader: ActivityReader, log: Log): Promise<void> {
  let isAsking = false;
  let isOld = false;
  const renew = async (): Promise<void> => {
    isOld = true;
    if (isAsking) return;
    isAsking = true;
    while (isOld && !api.isOver()) {
      isOld = false;
      try {
        reader.onActivity(await activityOf(api));
      } catch (error) {
        if (!api.isOver()) log.write(`activity: ${String(error)}`);
      }
    }
    isAsking = false;
  };
  const open = ({ lastEventId, signal }: { lastEventId: string | null; signal: AbortSignal }) =>
    api.stream("/events", lastEventId, signal);
  try {
    for await (const events of followEvents<ServerEvent>(open, { signal: api.signal })) {
      if (events.some(isOfActivity)) void renew();
      for (const event of events) await tell(api, event, reader);
    }
  } catch (error) {
    if (!api.isOver()) log.write(`events: ${String(error)}`);
  }
}

const isOfActivity = ({ type }: ServerEvent): boolean =>
  type === "turn.started" || type === "turn.ended" || type === "approval.changed" || type === "stream.opened";

async function tell(api: ServerApi, event: ServerEvent, reader: ActivityReader): Promise<void> {
  if (event.type === "turn.ended") {
    reader.onEnded(event, await titleOf(api, event.conversation_id));
  } else if (event.type === "approval.changed" && event.approval.status === "pending") {
    reader.onAsked(event.approval, await titleOf(api, event.approval.conversation_id));
  } else if (
    event.type === "resource.changed" &&
    event.resource === "artifact" &&
    event.change === "deleted"
  ) {
    if (event.id !== null) reader.onArtifactDeleted(event.id);
  }
}

async function activityOf(api: ServerApi): Promise<Activity> {
  const [{ data: turns }, approvals] = await Promise.all([
    api.get<{ data: { conversation_id: string }[] }>("/responses/in-flight-list"),
    api.get<{ total: number }>("/approvals?status=pending&limit=1"),
  ]);
  const running = turns.map(async ({ conversation_id: conversationId }) => ({
    conversationId,
    title: await titleOf(api, conversationId),
  }));
  return { running: await Promise.all(running), asked: approvals.total };
}

/** Of a task that is being deleted there may be none any more. */
async function titleOf(api: ServerApi, conversationId: string): Promise<string> {
  const path = `/conversations/${encodeURIComponent(conversationId)}`;
  const found = await api.get<{ title: string | null }>(path).catch(() => null);
  return found?.title ?? UNTITLED;
}
