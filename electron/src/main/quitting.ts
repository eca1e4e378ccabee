/** Quitting: asks where a task runs, lets the windows close, ends the server in order, and only then lets the app go. */
import type { Activity } from "./activity";

interface Preventable {
  preventDefault: () => void;
}

export interface QuittingOptions {
  activity: () => Activity;
  /** Whether to end what runs. */
  confirm: (activity: Activity) => Promise<boolean>;
  /** Ends the server; returns when its process is gone. */
  stop: () => Promise<void>;
  /** Starts it again: the app stays after all. */
  start: () => void;
  quit: () => void;
}

export class Quitting {
  /** Nobody is to be asked whether what runs may end: they were, or nobody is there. */
  private isAgreed = false;
  private isAsking = false;
  private isUrgentNow = false;
  private isDrained = false;
  private draining: Promise<void> | null = null;

  constructor(private readonly options: QuittingOptions) {}

  /** Nobody is there to be asked. */
  get isUrgent(): boolean {
    return this.isUrgentNow;
  }

  get isUnderWay(): boolean {
    return this.isAgreed || this.isUrgentNow;
  }

  /** The session of the user ends. */
  hurry(): void {
    this.isUrgentNow = true;
  }

  /** For `before-quit`: asks where a task runs. */
  onBeforeQuit(event: Preventable): void {
    if (this.isUnderWay) return;
    if (this.options.activity().running.length === 0) {
      this.isAgreed = true;
      return;
    }
    event.preventDefault();
    void this.agree().then((isAgreed) => isAgreed && this.options.quit());
  }

  /** For `will-quit`, which comes when all windows have closed: ends the server first. */
  onWillQuit(event: Preventable): void {
    if (this.isDrained) return;
    event.preventDefault();
    void this.drain().then(() => this.options.quit());
  }

  /** Whether what runs may end. False: not, or somebody asks already. */
  async agree(): Promise<boolean> {
    const activity = this.options.activity();
    if (this.isUnderWay || activity.running.length === 0) return (this.isAgreed = true);
    if (this.isAsking) return false;
    this.isAsking = true;
    try {
      return (this.isAgreed = (await this.options.confirm(activity)) || this.isUrgentNow);
    } finally {
      this.isAsking = false;
    }
  }

  /** End the server. */
  async drain(): Promise<void> {
    this.draining ??= this.options.stop();
    await this.draining;
    this.isDrained = true;
  }

  /** A window stays open, or an update could not be installed: the app stays, with its server. */
  cancel(): void {
    if (this.draining) this.options.start();
    this.isAgreed = this.isDrained = false;
    this.draining = null;
  }
}
