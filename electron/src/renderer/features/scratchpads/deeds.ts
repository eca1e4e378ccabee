/** What is done to a notebook goes to the server one deed after another, in the order in which it was done. */

export class Deeds {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly onIdle: () => void) {}

  /** While one is under way, what the server tells may be old. */
  get areUnderWay(): boolean {
    return this.waiting > 0;
  }

  /** `deed` must not throw. */
  add(deed: () => Promise<void>): Promise<void> {
    this.waiting += 1;
    this.last = this.last.then(deed).then(() => {
      this.waiting -= 1;
      if (this.waiting === 0) this.onIdle();
    });
    return this.last;
  }
}

const AFTER = 400;
const WITHIN = 2_000;

/** Calls `save` a moment after the last touch, and while there is no end of touches, now and then. */
export class Later {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private since: number | null = null;

  constructor(private readonly save: () => void) {}

  touch(): void {
    const now = Date.now();
    this.since ??= now;
    this.in(Math.max(0, Math.min(AFTER, this.since + WITHIN - now)));
  }

  in(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.save, milliseconds);
  }

  /** It is saved now. */
  clear(): void {
    clearTimeout(this.timer);
    this.since = null;
  }
}
