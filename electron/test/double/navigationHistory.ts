/** Back and forward. */
import { implemented } from "./implemented";
import type { Page } from "./page";

type Known = "canGoBack" | "canGoForward" | "goBack" | "goForward" | "clear";

export class NavigationHistory implements Pick<Electron.NavigationHistory, Known> {
  private index = 0;
  private ids: number[] = [];

  constructor(private readonly page: Page) {
    return implemented("navigationHistory", this);
  }

  /** After each navigation, since the answers must be at hand; a page on its way between processes has none. */
  async read(): Promise<void> {
    const told = await this.page.cdp?.send("Page.getNavigationHistory").catch(() => undefined);
    if (!told) return;
    const { currentIndex, entries } = told;
    const blank = entries[0]?.url === "about:blank" ? 1 : 0;
    this.index = currentIndex - blank;
    this.ids = entries.slice(blank).map(({ id }) => id);
  }

  canGoBack(): boolean {
    return this.index > 0;
  }

  canGoForward(): boolean {
    return this.index < this.ids.length - 1;
  }

  goBack(): void {
    this.go(this.index - 1);
  }

  goForward(): void {
    this.go(this.index + 1);
  }

  clear(): void {
    this.page.cdp?.tell("Page.resetNavigationHistory");
    void this.read();
  }

  private go(index: number): void {
    const entryId = this.ids[index];
    if (entryId === undefined) return;
    void this.page
      .navigate((cdp) => cdp.send("Page.navigateToHistoryEntry", { entryId }))
      .catch(() => undefined);
  }
}
