/** Every channel between the shell's main process and its pages, with what goes over it. */

/** What the window that is there before the app, and in its stead, has to say. */
export interface Status {
  phase: "starting" | "failed";
  /** What is, in a few words. */
  title: string;
  /** What happened, and what to do. */
  words: string;
  /** What was tried, oldest first. */
  tried: string[];
  /** The end of what the server said. */
  log: string[];
}

/** A page asks, and is answered with this. */
export interface Answers {
  "status:get": Status;
  /** Once it is copied. */
  "status:copy": undefined;
}

/** A page tells. */
export interface Told {
  "app:ready": [];
  "status:retry": [];
  "status:open-logs": [];
  "status:quit": [];
}

/** A page is told. */
export interface Messages {
  "app:command": [id: string];
  "app:show": [path: string];
  "status:changed": [status: Status];
}
