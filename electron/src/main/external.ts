/** The one door to other programs: web pages and mail addresses, and nothing else. */
import { dialog, shell, type BrowserWindow } from "electron";
import { isExternal } from "./navigationPolicy";

const LONGEST_SHOWN = 300;
const asking = new WeakSet<BrowserWindow>();

export async function openExternal(url: string): Promise<void> {
  if (!isExternal(url)) return;
  const { href } = new URL(url);
  try {
    await shell.openExternal(href);
  } catch {
    dialog.showErrorBox("This address could not be opened", href);
  }
}

/** Only if the user says so: the address may tell of what is in the page. One question a window at a time. */
export async function askToOpenExternal(window: BrowserWindow, url: string): Promise<void> {
  if (asking.has(window) || !isExternal(url)) return;
  asking.add(window);
  try {
    const { href } = new URL(url);
    const answer = await dialog.showMessageBox(window, {
      type: "question",
      message: "Open this address in your browser?",
      detail: href.length > LONGEST_SHOWN ? `${href.slice(0, LONGEST_SHOWN)}…` : href,
      buttons: ["Open", "Cancel"],
      defaultId: 1,
      cancelId: 1,
    });
    if (answer.response === 0) await openExternal(href);
  } finally {
    asking.delete(window);
  }
}
