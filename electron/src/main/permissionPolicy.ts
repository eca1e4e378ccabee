/** What a page may have of the machine: nothing, but for what stands here. Pure. */
import { isArtifact, type Home, type Kind } from "./navigationPolicy";

/** Who asks: the window's kind, and the origin of the frame. */
export interface Asker {
  kind: Kind;
  home: Home;
  origin: string;
}

/** To put text on the clipboard takes a press of a key or a button, and so does the full screen. */
const HARMLESS = new Set(["clipboard-sanitized-write", "fullscreen"]);

export function isPermitted(permission: string, { kind, home, origin }: Asker): boolean {
  if (home === null || kind === "status" || !HARMLESS.has(permission) || !URL.canParse(origin)) return false;
  const asking = new URL(origin);
  return asking.origin === home || (kind === "app" && isArtifact(asking, home));
}
