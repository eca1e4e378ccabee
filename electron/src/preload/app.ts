/** What our page sees of the shell: these functions, and nothing of Electron. */
import { contextBridge, ipcRenderer } from "electron";
import type { CoworkBridge } from "../shared/bridge";
import type { Messages, Told } from "../shared/channels";

function hear<C extends keyof Messages>(channel: C, listener: (...told: Messages[C]) => void): () => void {
  const hearing = (_event: unknown, ...told: unknown[]): void => listener(...(told as Messages[C]));
  ipcRenderer.on(channel, hearing);
  return () => void ipcRenderer.removeListener(channel, hearing);
}

const tell = <C extends keyof Told>(channel: C, ...told: Told[C]): void => ipcRenderer.send(channel, ...told);

const given = (name: string): string =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? "";

const bridge: CoworkBridge = {
  version: given("cowork-version"),
  platform: process.platform as CoworkBridge["platform"],
  onCommand: (listener) => hear("app:command", listener),
  onShow: (listener) => hear("app:show", listener),
  ready: () => tell("app:ready"),
};

contextBridge.exposeInMainWorld("cowork", bridge);
