/** Messages between the main process and preload scripts: values that JSON can carry, others throw. */
import type { Said } from "./preloadWorld";
import { Emitter } from "./implemented";
import type { WebContents } from "./webContents";

type Handler = (event: Electron.IpcMainInvokeEvent, ...values: unknown[]) => unknown;

/** Its events are the app's own channels. */
class IpcMain extends Emitter implements Pick<Electron.IpcMain, "handle" | "handleOnce" | "removeHandler"> {
  private readonly handlers = new Map<string, Handler>();

  constructor() {
    super("ipcMain", "any");
  }

  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel))
      throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }

  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (event, ...values) => {
      this.removeHandler(channel);
      return handler(event, ...values);
    });
  }

  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }

  call(channel: string, event: Electron.IpcMainInvokeEvent, values: unknown[]): unknown {
    const handler = this.handlers.get(channel);
    if (!handler) throw new Error(`No handler registered for '${channel}'`);
    return handler(event, ...values);
  }
}

export const ipcMain = new IpcMain();

/** What a preload script said. */
export function hearPreload(contents: WebContents, said: Said): void {
  const frame = contents.mainFrame;
  frame.url = said.url;
  frame.origin = said.origin;
  const event = {
    type: "frame",
    frameId: 1,
    processId: 1,
    ports: [],
    sender: contents,
    senderFrame: frame,
    reply: (channel: string, ...values: unknown[]) => contents.send(channel, ...values),
  } as unknown as Electron.IpcMainInvokeEvent;
  if (said.kind === "preload-error")
    contents.emit("preload-error", event, said.channel, new Error(String(said.values[0])));
  else if (said.kind === "send") ipcMain.emit(said.channel, event, ...said.values);
  else void answer(contents, event, said);
}

async function answer(contents: WebContents, event: Electron.IpcMainInvokeEvent, said: Said): Promise<void> {
  try {
    const value = await ipcMain.call(said.channel, event, said.values);
    contents.page.tell({ answer: said.id, value: carried(value) });
  } catch (error) {
    console.error(`Error occurred in handler for '${said.channel}':`, error);
    const text = `Error invoking remote method '${said.channel}': ${String(error)}`;
    contents.page.tell({ answer: said.id, error: text });
  }
}

/** `value`, which JSON carries unchanged; the double carries nothing else. */
export function carried<T>(value: T): T {
  check(value);
  return value;
}

function check(value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol")
    throw new Error("An object could not be cloned.");
  if (typeof value !== "object" || value === null) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    throw new Error(`The double of electron carries no ${value.constructor.name} over IPC`);
  Object.values(value).forEach(check);
}
