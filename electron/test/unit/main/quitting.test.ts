// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import type { Activity } from "../../../src/main/activity";
import { Quitting } from "../../../src/main/quitting";

/** Something that the test ends. */
class Later<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => Object.assign(this, { resolve, reject }));
}

const RUNS: Activity = { running: [{ conversationId: "conv_1", title: "Report" }], asked: 0 };
const IDLE: Activity = { running: [], asked: 2 };

class Stage {
  activity = RUNS;
  readonly answers: Later<boolean>[] = [];
  readonly stopped = new Later<undefined>();
  readonly stop = vi.fn(() => this.stopped.promise as Promise<unknown> as Promise<void>);
  readonly quit = vi.fn();
  readonly confirm = vi.fn<(activity: Activity) => Promise<boolean>>(() => {
    const answer = new Later<boolean>();
    this.answers.push(answer);
    return answer.promise;
  });
  readonly quitting = new Quitting({
    activity: () => this.activity,
    confirm: this.confirm,
    stop: this.stop,
    quit: this.quit,
  });

  /** As Electron asks before it quits: whether it was held back. */
  beforeQuit(): boolean {
    const preventDefault = vi.fn();
    this.quitting.onBeforeQuit({ preventDefault });
    return preventDefault.mock.calls.length > 0;
  }

  get told() {
    const [asked, stopped, quit] = [this.confirm, this.stop, this.quit].map(({ mock }) => mock.calls.length);
    return { asked, stopped, quit };
  }

  async answer(isAgreed: boolean): Promise<void> {
    this.answers.at(-1)?.resolve(isAgreed);
    await settled();
  }

  async stops(): Promise<void> {
    this.stopped.resolve(undefined);
    await settled();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("quitting", () => {
  it("where nothing runs stops the server, and then lets the app go", async () => {
    const stage = new Stage();
    stage.activity = IDLE;
    expect(stage.beforeQuit()).toBe(true);
    await settled();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 0 });
    expect(stage.quitting.isUnderWay).toBe(true);
    await stage.stops();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 1 });
    expect(stage.beforeQuit()).toBe(false);
    await settled();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 1 });
  });

  it("asks where a task runs, and stops nothing before that", async () => {
    const stage = new Stage();
    expect(stage.beforeQuit()).toBe(true);
    await settled();
    expect(stage.confirm.mock.calls).toEqual([[RUNS]]);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
    expect(stage.quitting.isUnderWay).toBe(false);
    await stage.answer(true);
    expect(stage.told).toEqual({ asked: 1, stopped: 1, quit: 0 });
    await stage.stops();
    expect(stage.told).toEqual({ asked: 1, stopped: 1, quit: 1 });
  });

  it("is off when the user says no, and asks anew the next time", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    await stage.answer(false);
    await stage.stops();
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
    expect(stage.quitting.isUnderWay).toBe(false);
    expect(stage.beforeQuit()).toBe(true);
    await stage.answer(true);
    expect(stage.told).toEqual({ asked: 2, stopped: 1, quit: 1 });
  });

  it("asks one question at a time", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    expect(stage.beforeQuit()).toBe(true);
    expect(await stage.quitting.drain()).toBe(false);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
  });

  it("twice stops the server once", async () => {
    const stage = new Stage();
    stage.activity = IDLE;
    stage.beforeQuit();
    await settled();
    expect(stage.beforeQuit()).toBe(true);
    await settled();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 0 });
  });

  it("asks nobody where the user's session ends", async () => {
    const stage = new Stage();
    stage.quitting.hurry();
    stage.beforeQuit();
    await stage.stops();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 1 });
  });

  it.each([true, false])(
    "does not wait for an answer (%s) when the session ends meanwhile",
    async (isAgreed) => {
      const stage = new Stage();
      stage.beforeQuit();
      await settled();
      stage.quitting.hurry();
      stage.beforeQuit();
      await stage.stops();
      expect(stage.told).toEqual({ asked: 1, stopped: 1, quit: 1 });
      await stage.answer(isAgreed);
      expect(stage.told).toMatchObject({ asked: 1, stopped: 1 });
      expect(stage.quitting.isUnderWay).toBe(true);
      expect(stage.beforeQuit()).toBe(false);
    },
  );

  it("needs no answer any more when the tasks have ended", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    stage.activity = IDLE;
    stage.beforeQuit();
    await stage.stops();
    expect(stage.told).toEqual({ asked: 1, stopped: 1, quit: 1 });
  });

  it("can be tried again where nobody could be asked", async () => {
    const stage = new Stage();
    const drained = stage.quitting.drain();
    stage.answers[0]?.reject(new Error("No window."));
    await expect(drained).rejects.toThrow("No window.");
    stage.beforeQuit();
    await settled();
    expect(stage.told).toEqual({ asked: 2, stopped: 0, quit: 0 });
  });
});

describe("draining", () => {
  it("tells when the server has ended, and quits nothing itself", async () => {
    const stage = new Stage();
    stage.activity = IDLE;
    const drained = stage.quitting.drain();
    await stage.stops();
    expect(await drained).toBe(true);
    expect(await stage.quitting.drain()).toBe(true);
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 0 });
    expect(stage.beforeQuit()).toBe(false);
  });

  it("tells that the user does not want it", async () => {
    const stage = new Stage();
    const drained = stage.quitting.drain();
    await stage.answer(false);
    expect(await drained).toBe(false);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
  });
});
