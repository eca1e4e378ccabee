/** Keeps a thread at its end while it grows, until somebody scrolls up or opens something in it. */

/** So near to the end that it is the end. */
const AT_END = 8;
/** Milliseconds in which a scroll that somebody has begun gets away from the end. */
const SETTLING = 300;
const UPWARD = new Set(["ArrowUp", "PageUp", "Home"]);
const PRESSING = new Set(["Enter", " "]);

export class EndKeeper {
  private isStuck = true;
  private isHeld = false;
  private letGoAt = -Infinity;
  private before = 0;
  private hadRoom = true;
  private readonly listening = new AbortController();
  private readonly sizes = new ResizeObserver(() => this.keep());

  /** `area` scrolls, `content` grows in it; `onChange` hears whether the end is in sight. */
  constructor(
    private readonly area: HTMLElement,
    content: HTMLElement,
    private readonly onChange: (isAtEnd: boolean) => void,
  ) {
    const options = { signal: this.listening.signal, passive: true };
    area.addEventListener("scroll", () => this.scrolled(), options);
    area.addEventListener("wheel", (event) => event.deltaY < 0 && this.letGo(), options);
    area.addEventListener("keydown", (event) => this.pressed(event), options);
    for (const type of ["pointerdown", "touchstart"]) {
      area.addEventListener(type, (event) => this.held(event), options);
    }
    for (const type of ["pointerup", "pointercancel", "touchend", "touchcancel"]) {
      globalThis.addEventListener(type, () => (this.isHeld = false), options);
    }
    this.sizes.observe(content);
    this.sizes.observe(area);
  }

  /** Goes there, and stays there. */
  jump(): void {
    this.isStuck = true;
    this.letGoAt = -Infinity;
    this.keep();
  }

  /** Stays where it is, whatever comes. */
  letGo(): void {
    this.isStuck = false;
    this.letGoAt = performance.now();
  }

  stop(): void {
    this.sizes.disconnect();
    this.listening.abort();
  }

  private get away(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.area;
    return scrollHeight - clientHeight - scrollTop;
  }

  private get isSettled(): boolean {
    return performance.now() - this.letGoAt > SETTLING;
  }

  private keep(): void {
    // What has filled its place only now was at its end before, since all of it was in sight.
    if (this.hadRoom && this.isSettled) this.isStuck = true;
    if (this.isStuck) this.area.scrollTop = this.area.scrollHeight;
    this.hadRoom = this.area.scrollHeight <= this.area.clientHeight;
    this.tell();
  }

  /** The list moves the place by itself when it has measured something: only what a person does lets go. */
  private scrolled(): void {
    const { scrollTop } = this.area;
    if (this.away <= AT_END && this.isSettled) this.isStuck = true;
    else if (this.isHeld && scrollTop < this.before - 1) this.isStuck = false;
    this.before = scrollTop;
    this.tell();
  }

  private tell(): void {
    this.onChange(this.isStuck || this.away <= AT_END);
  }

  private pressed({ key, target }: KeyboardEvent): void {
    if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) return;
    if (UPWARD.has(key) || (PRESSING.has(key) && opens(target))) this.letGo();
  }

  private held({ target }: Event): void {
    this.isHeld = true;
    if (opens(target)) this.letGo();
  }
}

/** What is opened grows below the place where one looks. */
const opens = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("[aria-expanded], summary") !== null;
