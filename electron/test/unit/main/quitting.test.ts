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
  readonly answers: Later<boolean>[] = [];
  readonly stopped = new Later<undefined>();
  readonly stop = vi.fn(() => this.stopped.promise as Promise<unknown> as Promise<void>);
  readonly start = vi.fn();
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
    start: this.start,
    quit: this.quit,
  });

  constructor(public activity = RUNS) {}

  /** As Electron asks before it closes the windows: whether it was held back. */
  beforeQuit(): boolean {
    const preventDefault = vi.fn();
    this.quitting.onBeforeQuit({ preventDefault });
    return preventDefault.mock.calls.length > 0;
  }

  /** As Electron asks when they have closed. */
  willQuit(): boolean {
    const preventDefault = vi.fn();
    this.quitting.onWillQuit({ preventDefault });
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
  it("where nothing runs asks nothing, and stops the server when the windows have closed", async () => {
    const stage = new Stage(IDLE);
    expect(stage.beforeQuit()).toBe(false);
    expect(stage.told).toEqual({ asked: 0, stopped: 0, quit: 0 });
    expect(stage.quitting.isUnderWay).toBe(true);
    expect(stage.willQuit()).toBe(true);
    await settled();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 0 });
    await stage.stops();
    expect(stage.told).toEqual({ asked: 0, stopped: 1, quit: 1 });
    expect(stage.beforeQuit()).toBe(false);
    expect(stage.willQuit()).toBe(false);
  });

  it("asks where a task runs, and goes on when the user says so", async () => {
    const stage = new Stage();
    expect(stage.beforeQuit()).toBe(true);
    expect(stage.confirm.mock.calls).toEqual([[RUNS]]);
    expect(stage.quitting.isUnderWay).toBe(false);
    await stage.answer(true);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 1 });
    expect(stage.beforeQuit()).toBe(false);
  });

  it("is off when the user says no, and asks anew the next time", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    await stage.answer(false);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
    expect(stage.quitting.isUnderWay).toBe(false);
    expect(stage.beforeQuit()).toBe(true);
    await stage.answer(true);
    expect(stage.told).toEqual({ asked: 2, stopped: 0, quit: 1 });
  });

  it("asks one question at a time", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    expect(stage.beforeQuit()).toBe(true);
    expect(await stage.quitting.agree()).toBe(false);
    expect(stage.told).toEqual({ asked: 1, stopped: 0, quit: 0 });
  });

  it("stops the server once", async () => {
    const stage = new Stage(IDLE);
    stage.beforeQuit();
    stage.willQuit();
    expect(stage.willQuit()).toBe(true);
    await settled();
    expect(stage.told).toMatchObject({ stopped: 1, quit: 0 });
  });

  it("asks nobody where the user's session ends", () => {
    const stage = new Stage();
    stage.quitting.hurry();
    expect(stage.beforeQuit()).toBe(false);
    expect(stage.quitting.isUrgent).toBe(true);
    expect(stage.told.asked).toBe(0);
  });

  it("does not wait for an answer when the session ends meanwhile", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    stage.quitting.hurry();
    expect(stage.beforeQuit()).toBe(false);
    await stage.answer(false);
    expect(stage.quitting.isUnderWay).toBe(true);
    expect(stage.beforeQuit()).toBe(false);
  });

  it("needs no answer any more when the tasks have ended", () => {
    const stage = new Stage();
    stage.beforeQuit();
    stage.activity = IDLE;
    expect(stage.beforeQuit()).toBe(false);
  });

  it("can be tried again where nobody could be asked", async () => {
    const stage = new Stage();
    const agreed = stage.quitting.agree();
    stage.answers[0]?.reject(new Error("No window."));
    await expect(agreed).rejects.toThrow("No window.");
    expect(stage.beforeQuit()).toBe(true);
    expect(stage.told.asked).toBe(2);
  });
});

describe("an app that stays after all", () => {
  it("asks again the next time, and has its server as before", async () => {
    const stage = new Stage();
    stage.beforeQuit();
    await stage.answer(true);
    stage.quitting.cancel();
    expect(stage.start).not.toHaveBeenCalled();
    expect(stage.quitting.isUnderWay).toBe(false);
    expect(stage.beforeQuit()).toBe(true);
    expect(stage.told.asked).toBe(2);
  });

  it("starts its server again where that was stopped for an update", async () => {
    const stage = new Stage(IDLE);
    expect(await stage.quitting.agree()).toBe(true);
    const drained = stage.quitting.drain();
    await stage.stops();
    await drained;
    stage.quitting.cancel();
    expect(stage.start).toHaveBeenCalledOnce();
    expect(stage.willQuit()).toBe(true);
    await settled();
    expect(stage.told.stopped).toBe(2);
  });
});
