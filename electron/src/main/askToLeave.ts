/** The question before what was typed into a page is lost. */
import { dialog, type BrowserWindow } from "electron";

/** Whether the user says so. Waits for the answer: Electron goes on as soon as it is asked. */
export function askToLeave(window: BrowserWindow): boolean {
  const answer = dialog.showMessageBoxSync(window, {
    type: "question",
    message: "Leave without saving?",
    detail: "What you have typed or begun to upload here, and not saved, will be lost.",
    buttons: ["Leave", "Stay"],
    defaultId: 1,
    cancelId: 1,
  });
  return answer === 0;
}
