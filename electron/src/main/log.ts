/** The shell's log: one file, and the one before it. */
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

const MOST_BYTES = 5_000_000;

export class Log {
  readonly file: string;
  private size = 0;

  constructor(readonly folder: string) {
    this.file = join(folder, "shell.log");
    try {
      mkdirSync(folder, { recursive: true });
      this.size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      // Without a log there is still an app.
    }
  }

  /** One line, with the time. What the server said is without credentials already. A full disk costs the line alone. */
  write(line: string): void {
    const text = `${new Date().toISOString()} ${line}\n`;
    try {
      if (this.size > MOST_BYTES) {
        renameSync(this.file, `${this.file}.1`);
        this.size = 0;
      }
      appendFileSync(this.file, text);
      this.size += Buffer.byteLength(text);
    } catch {
      return;
    }
  }
}
