/** Puts the focus on a part of the thread that is about to be rendered. */

const TRIES = 30;

/** On the first of the selectors that is there and can take it. */
export function focusWhenThere(selectors: readonly string[], tries = TRIES): void {
  requestAnimationFrame(() => {
    const found = selectors
      .map((selector) => document.querySelector<HTMLElement>(selector))
      .find((element) => element !== null && !element.matches(":disabled"));
    if (found) found.focus({ preventScroll: true });
    else if (tries > 0) focusWhenThere(selectors, tries - 1);
  });
}
