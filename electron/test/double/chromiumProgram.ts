/** Where Chromium is, or Chrome. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** `CHROMIUM` in the environment says another. Undefined: there is none. */
export function chromiumProgram(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const wanted = process.env.CHROMIUM ? [process.env.CHROMIUM, ...NAMES] : NAMES;
  return wanted
    .flatMap((name) => [name, ...folders.map((folder) => join(folder, name))])
    .find((path) => path.includes("/") && existsSync(path));
}
