/** Fills the window that is there before the app, and in its stead. The page has no script of its own. */
import { ipcRenderer } from "electron";
import type { Answers, Status, Told } from "../shared/channels";

const ask = <C extends keyof Answers>(channel: C): Promise<Answers[C]> =>
  ipcRenderer.invoke(channel) as Promise<Answers[C]>;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

function show(status: Status): void {
  const hasFailed = status.phase === "failed";
  document.body.dataset.phase = status.phase;
  document.title = hasFailed ? status.title : "Cowork";
  element("title").textContent = status.title;
  element("words").textContent = status.words;
  element("diagnosis").hidden = !hasFailed;
  element("tried").replaceChildren(...status.tried.map(line));
  element("log").textContent = status.log.join("\n") || "It said nothing.";
  if (hasFailed) element("retry").focus();
}

function line(text: string): HTMLElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

const press = (id: string, then: () => void): void => element(id).addEventListener("click", then);

const tell = (channel: keyof Told) => (): void => {
  say("");
  ipcRenderer.send(channel);
};

function copy(): void {
  ask("status:copy").then(
    () => say("Copied."),
    () => say("It could not be copied."),
  );
}

/** A screen reader says it, too. */
function say(words: string): void {
  element("done").textContent = words;
}

addEventListener("DOMContentLoaded", () => {
  press("retry", tell("status:retry"));
  press("copy", copy);
  press("logs", tell("status:open-logs"));
  press("quit", tell("status:quit"));
  ipcRenderer.on("status:changed", (_event, status: Status) => show(status));
  void ask("status:get").then(show);
});
