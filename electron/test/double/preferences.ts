/** The preferences of a window's page that would weaken the walls around it. */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";

const mustNotBeOff = ["contextIsolation", "sandbox", "webSecurity"] as const;
const mustNotBeSet = [
  "nodeIntegration",
  "nodeIntegrationInWorker",
  "nodeIntegrationInSubFrames",
  "allowRunningInsecureContent",
  "webviewTag",
  "experimentalFeatures",
  "enableBlinkFeatures",
] as const;

/** Throws at the first preference that is insecure, and at a preload script that is not there. */
export function checkPreferences(preferences: Electron.WebPreferences): void {
  for (const name of mustNotBeOff)
    if (preferences[name] === false) throw new Error(`Insecure: ${name} is off`);
  for (const name of mustNotBeSet) if (preferences[name]) throw new Error(`Insecure: ${name} is set`);
  const preload = preferences.preload;
  if (preload !== undefined && !(isAbsolute(preload) && existsSync(preload)))
    throw new Error(`The preload script is no absolute path of a file: ${preload}`);
}
