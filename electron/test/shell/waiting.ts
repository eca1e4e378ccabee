/** Waiting for what has no event, for at most 30 s. */
import type { Page } from "playwright-core";

const step = 25;

/** The first value of `look` that is not undefined. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  ms = 30_000,
): Promise<T> {
  for (
    const end = Date.now() + ms;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, step))
  ) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** A page that is closed or goes elsewhere while it is looked at does not match. */
export async function matching(
  pages: () => Page[],
  matches: (page: Page) => boolean | Promise<boolean>,
): Promise<Page | undefined> {
  for (const page of pages()) if (await Promise.resolve(matches(page)).catch(() => false)) return page;
  return undefined;
}
