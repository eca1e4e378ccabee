/** Puts the focus on a part of the thread that is about to be rendered. */

const LONGEST_WAIT = 3_000;

/** On the first of the selectors that is there and can take it. */
export function focusWhenThere(selectors: readonly string[], until = performance.now() + LONGEST_WAIT): void {
  requestAnimationFrame(() => {
    const found = selectors
      .map((selector) => document.querySelector<HTMLElement>(selector))
      .find((element) => element !== null && !element.matches(":disabled"));
    found?.focus({ preventScroll: true });
    // The list hides a row until it has measured it, and what is hidden takes no focus.
    const hasIt = found !== undefined && document.activeElement === found;
    if (!hasIt && performance.now() < until) focusWhenThere(selectors, until);
  });
}
