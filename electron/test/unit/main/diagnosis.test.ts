// @vitest-environment node
import { describe, expect, it } from "vitest";
import { asText, diagnose } from "../../../src/main/diagnosis";
import type { Failure } from "../../../src/main/serverState";

const KINDS: Record<Failure["kind"], true> = {
  crashed: true,
  "folder-in-use": true,
  "database-too-new": true,
  "wrong-arguments": true,
  different: true,
  "not-found": true,
};
const kinds = Object.keys(KINDS) as Failure["kind"][];

describe("the diagnosis", () => {
  it.each(kinds)("of %s says what happened and what to do", (kind) => {
    const status = diagnose({ kind, words: "It happened." }, ["tried"], ["said"]);
    expect(status).toEqual({
      phase: "failed",
      title: expect.stringMatching(/^[A-Z].*[^.]$/) as string,
      words: expect.stringMatching(/^It happened\. [A-Z].*\.$/) as string,
      tried: ["tried"],
      log: ["said"],
    });
  });

  it("has a title of its own for each", () => {
    const titles = kinds.map((kind) => diagnose({ kind, words: "" }, [], []).title);
    expect(new Set(titles).size).toBe(kinds.length);
  });

  it("shows the end of what was said, and is a picture of that moment", () => {
    const said = Array.from({ length: 100 }, (_, n) => `line ${n}`);
    const tried = ["one"];
    const { log, tried: shown } = diagnose({ kind: "crashed", words: "" }, tried, said);
    said.push("later");
    tried.push("later");
    expect(log).toEqual(Array.from({ length: 60 }, (_, n) => `line ${n + 40}`));
    expect(shown).toEqual(["one"]);
  });

  it("is copied as text", () => {
    const failure: Failure = { kind: "folder-in-use", words: "The folder is taken." };
    const status = diagnose(failure, ["cowork-server serve", "It ended with code 3."], ["one", "two"]);
    expect(asText(status, "Cowork 1.2.3, linux x64 6.1")).toBe(
      [
        "Another Cowork works with your data",
        "The folder is taken. End the other one (it may have been started in a terminal), then try again.",
        "",
        "Cowork 1.2.3, linux x64 6.1",
        "",
        "What was tried:",
        "- cowork-server serve",
        "- It ended with code 3.",
        "",
        "The end of the log:",
        "one",
        "two",
        "",
      ].join("\n"),
    );
  });
});
