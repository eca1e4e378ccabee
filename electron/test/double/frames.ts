/** The frames of all windows, by the ids of the DevTools protocol. */
import { implemented } from "./implemented";
import type { WebContents } from "./webContents";

type Known = Pick<
  Electron.WebFrameMain,
  "url" | "origin" | "name" | "parent" | "top" | "frames" | "detached"
>;

/** From a frame's request for a document to the word that this has come, or does not. */
class Change {
  hasCome = false;
  end: () => void = () => undefined;
  readonly over = new Promise<void>((resolve) => (this.end = resolve));

  constructor(readonly loader: string) {}
}

export class Frame implements Known {
  url = "";
  /** `null` for what is sandboxed, as in the page. */
  origin = "null";
  name = "";
  detached = false;
  change: Change | undefined;
  readonly frameTreeNodeId: number;

  private static last = 0;

  constructor(
    readonly id: string,
    readonly contents: WebContents,
    private readonly parentFrame: Frame | null,
  ) {
    this.frameTreeNodeId = Frame.last += 1;
    return implemented("WebFrameMain", this);
  }

  /** It asks for a document with the loader's id: who asks for what from here on is known only when `change` is over. */
  changes(loader = ""): void {
    this.changed();
    this.change = new Change(loader);
  }

  /** Its document has come; its origin follows. */
  hasDocument(loader: string): void {
    if (this.change?.loader === loader) this.change.hasCome = true;
  }

  hasOrigin(origin: string): void {
    this.origin = origin;
    if (this.change?.hasCome) this.changed();
  }

  hasFailed(loader: string): void {
    if (this.change?.loader === loader) this.changed();
  }

  private changed(): void {
    this.change?.end();
    this.change = undefined;
  }

  get parent(): Electron.WebFrameMain | null {
    return this.parentFrame as unknown as Electron.WebFrameMain | null;
  }

  get top(): Electron.WebFrameMain | null {
    return (this.parentFrame ? this.parentFrame.top : this) as unknown as Electron.WebFrameMain;
  }

  get frames(): Electron.WebFrameMain[] {
    const children = [...frames.values()].filter((frame) => frame.parentFrame === this);
    return children as unknown as Electron.WebFrameMain[];
  }

  /** Whose document has another come into this frame, where the app does not. */
  get asker(): Frame {
    return this.parentFrame ?? this;
  }

  get isMain(): boolean {
    return this.parentFrame === null;
  }
}

export function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "null";
  }
}

const frames = new Map<string, Frame>();
const waiting = new Map<string, ((frame: Frame) => void)[]>();

export function addFrame(id: string, contents: WebContents, parentId?: string): Frame {
  const known = frames.get(id);
  if (known) return known;
  const frame = new Frame(id, contents, frames.get(parentId ?? "") ?? null);
  frames.set(id, frame);
  for (const found of waiting.get(id) ?? []) found(frame);
  waiting.delete(id);
  return frame;
}

export function frameOf(id: string): Frame | undefined {
  return frames.get(id);
}

export function removeFrame(id: string): void {
  const frame = frames.get(id);
  if (!frame) return;
  frame.detached = true;
  frames.delete(id);
  for (const child of frames.values()) if (child.parent === (frame as unknown)) removeFrame(child.id);
}

/** The frame, whose coming may be told after its first request; undefined if it is of no window. */
export function frameWhenKnown(id: string): Promise<Frame | undefined> {
  const frame = frames.get(id);
  if (frame) return Promise.resolve(frame);
  return new Promise((resolve) => {
    const given = setTimeout(() => {
      resolve(undefined);
    }, 2000);
    const found = (known: Frame): void => {
      clearTimeout(given);
      resolve(known);
    };
    waiting.set(id, [...(waiting.get(id) ?? []), found]);
  });
}

/** The request of that id has no answer, or one that is no document. */
export function failLoader(loader: string): void {
  for (const frame of frames.values()) frame.hasFailed(loader);
}
