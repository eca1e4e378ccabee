/** The one gate between pages and the shell: who may ask what. */
import {
  ipcMain,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  type WebContents,
  type WebFrameMain,
} from "electron";
import type { Answers, Messages, Told } from "../shared/channels";
import type { Home, Kind } from "./navigationPolicy";

/** Of which kind a page is, and where it is at home. */
export type Whose = (contents: WebContents) => { kind: Kind; home: Home } | undefined;

/** Whether the page itself asks, at its own place: no frame in it, and no page that it was led to. */
export function isTrusted(
  frame: Pick<WebFrameMain, "url" | "origin" | "parent"> | null,
  page: { kind: Kind; home: Home } | undefined,
): boolean {
  if (frame?.parent !== null || !page?.home) return false;
  const { kind, home } = page;
  return kind === "status" ? frame.url === home : frame.origin === home;
}

const OF: Record<string, Kind> = { app: "app", status: "status" };

export class Gate {
  constructor(private readonly whose: Whose) {}

  /** Answers a page. The channel's first word says whose it is. */
  answer<C extends keyof Answers>(channel: C, handler: () => Answers[C] | Promise<Answers[C]>): void {
    ipcMain.handle(channel, (event) => {
      if (!this.isAllowed(channel, event)) throw new Error("This page may not ask for that.");
      return handler();
    });
  }

  /** Hears a page. */
  hear<C extends keyof Told>(channel: C, handler: (contents: WebContents, ...told: Told[C]) => void): void {
    ipcMain.on(channel, (event, ...told) => {
      if (this.isAllowed(channel, event)) handler(event.sender, ...(told as Told[C]));
    });
  }

  private isAllowed(channel: string, event: IpcMainEvent | IpcMainInvokeEvent): boolean {
    const whose = this.whose(event.sender);
    const kind = OF[channel.split(":", 1)[0] ?? ""];
    return whose?.kind === kind && isTrusted(event.senderFrame, whose);
  }
}

/** Tells a page something. */
export function tell<C extends keyof Messages>(
  contents: WebContents,
  channel: C,
  ...told: Messages[C]
): void {
  if (!contents.isDestroyed()) contents.send(channel, ...told);
}
