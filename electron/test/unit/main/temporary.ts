/** Folders and logs that are gone when the test is. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Log } from "../../../src/main/log";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cowork-shell-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const temporaryLog = (): Log => new Log(temporaryFolder());

/** What was written, without the times. */
export function linesOf({ file }: Log): string[] {
  try {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    return lines.map((line) => line.slice(line.indexOf(" ") + 1));
  } catch {
    return [];
  }
}
