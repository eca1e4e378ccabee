/** The mark beside the clock: what runs, and the way back when no window is open. */
import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from "electron";
import type { Activity } from "./activity";

export interface TrayActions {
  open: () => void;
  show: (path: string) => void;
  quit: () => void;
}

const MOST_SHOWN = 8;
const LONGEST_TITLE = 60;

/** What it says of itself. Pure. */
export function trayWords({ running, asked }: Activity): string {
  const tasks = running.length === 1 ? "1 task runs" : `${running.length} tasks run`;
  const questions = asked === 1 ? "1 question waits for you" : `${asked} questions wait for you`;
  const told = [...(running.length > 0 ? [tasks] : []), ...(asked > 0 ? [questions] : [])];
  return told.length > 0 ? `Cowork: ${told.join(", ")}` : "Cowork";
}

/** Pure, but for who carries it out. */
export function trayTemplate(activity: Activity, actions: TrayActions): MenuItemConstructorOptions[] {
  const { running, asked } = activity;
  const tasks = running.slice(0, MOST_SHOWN).map(({ conversationId, title }) => ({
    label: labelOf(title),
    click: () => actions.show(`/tasks/${conversationId}`),
  }));
  const more = running.length - MOST_SHOWN;
  return [
    { id: "state", label: trayWords(activity).replace("Cowork: ", ""), enabled: false },
    ...tasks,
    ...(more > 0 ? [{ label: `and ${more} more`, click: () => actions.show("/tasks") }] : []),
    ...(asked > 0 ? [{ id: "asked", label: "Answer", click: () => actions.show("/approvals") }] : []),
    { type: "separator" },
    { id: "open", label: "Open Cowork", click: actions.open },
    { id: "task.new", label: "New task", click: () => actions.show("/") },
    { type: "separator" },
    { id: "quit", label: "Quit Cowork", click: actions.quit },
  ];
}

/** No longer than a menu likes it; an `&` alone would underline what follows it. */
function labelOf(title: string): string {
  const cut = title.slice(0, LONGEST_TITLE - 1).replace(/[\ud800-\udbff]$/, "");
  return (title.length > LONGEST_TITLE ? `${cut}…` : title).replaceAll("&", "&&");
}

export class TrayMark {
  private readonly tray: Tray;

  /** Throws where the system has no place for it. */
  constructor(
    icon: string,
    isMac: boolean,
    private readonly actions: TrayActions,
  ) {
    const image = nativeImage.createFromPath(icon);
    if (isMac) image.setTemplateImage(true);
    this.tray = new Tray(image);
    // On a Mac a click opens the menu.
    if (!isMac) this.tray.on("click", actions.open);
    this.tell({ running: [], asked: 0 });
  }

  tell(activity: Activity): void {
    this.tray.setToolTip(trayWords(activity));
    this.tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(activity, this.actions)));
  }

  remove(): void {
    if (!this.tray.isDestroyed()) this.tray.destroy();
  }
}
