/** Notifications of the system: a turn has ended, or the user is asked, and nobody looks. */
import { Notification } from "electron";
import type { Approval, TurnEnded } from "../renderer/api/types";

export interface Notice {
  title: string;
  body: string;
  /** What a click shows. */
  path: string;
}

/** Null: the user wanted that end, or caused it by quitting. Pure. */
export function noticeOfEnd({ status, error, conversation_id }: TurnEnded, title: string): Notice | null {
  const path = `/tasks/${conversation_id}`;
  if (status === "completed") return { title, body: "Done.", path };
  if (error?.type === "cancelled" || error?.type === "interrupted") return null;
  return { title, body: error?.message ?? "It failed.", path };
}

export function noticeOfQuestion(approval: Approval, title: string): Notice {
  const asks = approval.kind === "question" ? "Cowork has a question" : "Cowork asks before it goes on";
  return { title: `${asks}: ${title}`, body: approval.summary, path: `/tasks/${approval.conversation_id}` };
}

export class Notices {
  /** A notification that nothing holds is collected, and its click lost. */
  private readonly shown = new Set<Notification>();

  constructor(private readonly show: (path: string) => void) {}

  tell({ title, body, path }: Notice): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    this.shown.add(notification);
    notification.on("click", () => {
      this.shown.delete(notification);
      this.show(path);
    });
    notification.on("close", () => this.shown.delete(notification));
    notification.on("failed", () => this.shown.delete(notification));
    notification.show();
  }
}
