/** Puts the focus on a part of the thread that is about to be rendered. */

const LONGEST_WAIT = 3_000;
/** How long it is held there: the list may hide a row once more to measure it, and what is hidden loses the focus. */
const HELD_FOR = 1_000;

/** On the first of the selectors that is there and can take it; whoever takes the focus elsewhere meanwhile keeps it. */
export function focusWhenThere(selectors: readonly string[]): void {
  const wanted = performance.now() + LONGEST_WAIT;
  let held: number | null = null;
  const look = () => {
    const now = performance.now();
    const at = document.activeElement;
    const found = selectors
      .map((selector) => document.querySelector<HTMLElement>(selector))
      .find((element) => element !== null && !element.matches(":disabled"));
    const isTaken = held !== null && at !== null && at !== document.body && at !== found;
    if (isTaken || now > (held ?? wanted)) return;
    if (found && at !== found) found.focus({ preventScroll: true });
    if (found && document.activeElement === found) held ??= now + HELD_FOR;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
