/** What a page may have of the machine: nothing, but for what stands here. Pure. */
import { isArtifact, type Home, type Kind } from "./navigationPolicy";

/** Who asks: the window's kind, and the origin of the frame. */
export interface Asker {
  kind: Kind;
  home: Home;
  origin: string;
}

/** Takes a press of a key or a button. */
const HARMLESS = "clipboard-sanitized-write";
/** Of our own pages alone: another could draw ours over the whole screen. */
const OURS = "fullscreen";

export function isPermitted(permission: string, { kind, home, origin }: Asker): boolean {
  if (home === null || kind === "status" || !URL.canParse(origin)) return false;
  const asking = new URL(origin);
  if (permission === OURS) return kind === "app" && asking.origin === home;
  return permission === HARMLESS && (asking.origin === home || (kind === "app" && isArtifact(asking, home)));
}
