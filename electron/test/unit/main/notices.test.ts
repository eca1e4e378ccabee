// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Notices, noticeOfEnd, noticeOfQuestion, type Notice } from "../../../src/main/notices";
import type { Approval, TurnEnded } from "@/api/types";

interface Shown {
  options: object;
  isShown: boolean;
  hear: Record<string, () => void>;
}

const system = vi.hoisted(() => ({ isSupported: true, all: [] as Shown[] }));

vi.mock("electron", () => ({
  Notification: class {
    readonly shown: Shown;
    static isSupported = () => system.isSupported;
    constructor(options: object) {
      this.shown = { options, isShown: false, hear: {} };
      system.all.push(this.shown);
    }
    on(event: string, hear: () => void): void {
      this.shown.hear[event] = hear;
    }
    show(): void {
      this.shown.isShown = true;
    }
  },
}));

beforeEach(() => {
  system.isSupported = true;
  system.all = [];
});

const ended = (status: TurnEnded["status"], type?: string): TurnEnded => ({
  type: "turn.ended",
  sequence_number: 1,
  response_id: "resp_1",
  conversation_id: "conv_1",
  status,
  error: type === undefined ? null : { type, message: "It cannot go on." },
});

describe("the end of a turn", () => {
  it.each<[string, TurnEnded, string | null]>([
    ["that did it", ended("completed"), "Done."],
    ["that failed", ended("failed", "provider_error"), "It cannot go on."],
    ["that failed without words", ended("failed"), "It failed."],
    ["that somebody wanted", ended("failed", "cancelled"), null],
    ["that came with the server's", ended("failed", "interrupted"), null],
  ])("%s", (_, event, body) => {
    const want = body === null ? null : { title: "Report", body, path: "/tasks/conv_1" };
    expect(noticeOfEnd(event, "Report")).toEqual(want);
  });
});

describe("a question", () => {
  it.each<[Approval["kind"], string]>([
    ["question", "Cowork has a question: Report"],
    ["approval", "Cowork asks before it goes on: Report"],
  ])("of kind %s", (kind, title) => {
    const approval = { kind, summary: "Send it?", conversation_id: "conv_1" } as Approval;
    expect(noticeOfQuestion(approval, "Report")).toEqual({ title, body: "Send it?", path: "/tasks/conv_1" });
  });
});

describe("notifications", () => {
  const notice: Notice = { title: "Report", body: "Done.", path: "/tasks/conv_1" };

  it("show what there is, and a click leads to it", () => {
    const show = vi.fn();
    new Notices(show).tell(notice);
    const [shown] = system.all;
    expect(shown).toMatchObject({ options: { title: "Report", body: "Done." }, isShown: true });
    expect(show).not.toHaveBeenCalled();
    shown?.hear.click?.();
    expect(show.mock.calls).toEqual([["/tasks/conv_1"]]);
  });

  it("lead nowhere when they are closed", () => {
    const show = vi.fn();
    new Notices(show).tell(notice);
    system.all[0]?.hear.close?.();
    expect(show).not.toHaveBeenCalled();
  });

  it("are not made where the system has none", () => {
    system.isSupported = false;
    new Notices(vi.fn()).tell(notice);
    expect(system.all).toEqual([]);
  });
});
