/** What the desktop shell gives to the page, as `window.cowork`; in a browser there is none. Types alone. */

export interface CoworkBridge {
  /** Of the shell. */
  readonly version: string;
  readonly platform: "darwin" | "win32" | "linux";
  /** Hears which command of `commands.ts` the menu asks for; returns how to stop. */
  onCommand(listener: (id: string) => void): () => void;
  /** Hears which path ("/tasks/conv_...") is to be shown: of a link, a notification, the tray; returns how to stop. */
  onShow(listener: (path: string) => void): () => void;
  /** Tells that the page hears both, and gets what came before. */
  ready(): void;
}

declare global {
  interface Window {
    cowork?: CoworkBridge;
  }
}
