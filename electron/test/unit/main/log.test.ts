// @vitest-environment node
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Log } from "../../../src/main/log";
import { linesOf, temporaryFolder } from "./temporary";

const MOST_BYTES = 5_000_000;

describe("the log", () => {
  it("has a line for each, with the time", () => {
    const log = new Log(join(temporaryFolder(), "made", "logs"));
    log.write("one");
    log.write("two");
    expect(readFileSync(log.file, "utf8")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z one\n\S{24} two\n$/);
  });

  it("goes on where an earlier one ended", () => {
    const folder = temporaryFolder();
    new Log(folder).write("one");
    const log = new Log(folder);
    log.write("two");
    expect(linesOf(log)).toEqual(["one", "two"]);
  });

  it.each([
    ["that was there before", (folder: string) => writeFileSync(join(folder, "shell.log"), full("x"))],
    ["of letters of many bytes", (folder: string) => new Log(folder).write("🐸".repeat(MOST_BYTES / 4))],
  ])("begins anew behind five megabytes %s, and keeps those", (_, fill) => {
    const folder = temporaryFolder();
    fill(folder);
    const log = new Log(folder);
    log.write("new");
    expect(linesOf(log)).toEqual(["new"]);
    expect(statSync(`${log.file}.1`).size).toBeGreaterThan(MOST_BYTES);
  });

  it("counts what it writes itself", () => {
    const log = new Log(temporaryFolder());
    log.write("🐸".repeat(MOST_BYTES / 4));
    log.write("new");
    log.write("newer");
    expect(linesOf(log)).toEqual(["new", "newer"]);
  });

  it("keeps one old file", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "shell.log.1"), "oldest");
    writeFileSync(join(folder, "shell.log"), full("y"));
    new Log(folder).write("new");
    expect(readFileSync(join(folder, "shell.log.1"), "utf8")).toBe(full("y"));
  });

  it("loses a line where the disk takes none, and goes on when it does", () => {
    const folder = temporaryFolder();
    const log = new Log(folder);
    mkdirSync(log.file);
    log.write("lost");
    expect(() => log.write("lost, too")).not.toThrow();
    expect(existsSync(`${log.file}.1`)).toBe(false);
  });

  it("is harmless where its folder cannot be made", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const log = new Log(join(folder, "file", "logs"));
    expect(() => log.write("lost")).not.toThrow();
    expect(log.folder).toBe(join(folder, "file", "logs"));
  });
});

const full = (letter: string): string => letter.repeat(MOST_BYTES + 1);
