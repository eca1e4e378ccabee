/** Quitting: asks where a task runs, ends the server in order, and only then lets the app go. */
import type { Activity } from "./activity";

export interface QuittingOptions {
  activity: () => Activity;
  /** Whether to end what runs. */
  confirm: (activity: Activity) => Promise<boolean>;
  /** Ends the server; returns when its process is gone. */
  stop: () => Promise<void>;
  quit: () => void;
}

export class Quitting {
  private phase: "no" | "draining" | "drained" = "no";
  private isAsking = false;
  private isUrgent = false;
  private draining: Promise<void> | null = null;

  constructor(private readonly options: QuittingOptions) {}

  get isUnderWay(): boolean {
    return this.phase === "draining" || this.phase === "drained";
  }

  /** The session of the user ends: nobody is there to be asked. */
  hurry(): void {
    this.isUrgent = true;
  }

  /** For `before-quit`. */
  onBeforeQuit(event: { preventDefault: () => void }): void {
    if (this.phase === "drained") return;
    event.preventDefault();
    void this.drain().then((isDrained) => isDrained && this.options.quit());
  }

  /** End the server, after a question where a task runs. False: it is not to be ended, or somebody asks already. */
  async drain(): Promise<boolean> {
    if (this.phase === "no" && !(await this.isAgreed())) return false;
    this.phase = "draining";
    this.draining ??= this.options.stop();
    await this.draining;
    this.phase = "drained";
    return true;
  }

  private async isAgreed(): Promise<boolean> {
    const activity = this.options.activity();
    if (this.isUrgent || activity.running.length === 0) return true;
    if (this.isAsking) return false;
    this.isAsking = true;
    try {
      return await this.options.confirm(activity);
    } finally {
      this.isAsking = false;
    }
  }
}
