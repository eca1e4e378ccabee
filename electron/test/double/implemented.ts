/// <reference types="electron" />
/** What the double has and what it has not: whatever it has not throws, it never answers `undefined`. */
import { EventEmitter } from "node:events";

/** What Node, promises and test tools ask any object for. */
const asked = new Set(["then", "toJSON", "inspect", "nodeType", "tagName", "$$typeof", "asymmetricMatch"]);

/** `object`, which throws for each property that it has not. Properties may be assigned: specs put their own there. */
export function implemented<T extends object>(name: string, object: T): T {
  return new Proxy(object, {
    get(target, key, receiver): unknown {
      if (typeof key === "string" && !(key in target) && !asked.has(key))
        throw new Error(`The double of electron has no ${name}.${key}`);
      return Reflect.get(target, key, receiver);
    },
  });
}

type Listener = (...values: never[]) => void;

/** An emitter that throws for properties that it has not and for listeners to events that it does not know. */
export class Emitter extends EventEmitter {
  constructor(
    private readonly kind: string,
    private readonly known: readonly string[] | "any",
  ) {
    super();
    return implemented(kind, this);
  }

  private check(event: string | symbol): string | symbol {
    if (typeof event === "string" && this.known !== "any" && !this.known.includes(event))
      throw new Error(`The double of electron never emits "${event}" on ${this.kind}`);
    return event;
  }

  override on(event: string | symbol, listener: Listener): this {
    return super.on(this.check(event), listener as (...values: unknown[]) => void);
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  override prependListener(event: string | symbol, listener: Listener): this {
    return super.prependListener(this.check(event), listener as (...values: unknown[]) => void);
  }

  /** Emits `event` with an event object of `details`; true if a listener prevented the default. */
  ask(event: string, details: object = {}, ...values: unknown[]): boolean {
    const object = electronEvent(details);
    this.emit(event, object, ...values);
    return object.defaultPrevented;
  }
}

/** The names in a text; a line may end within one, behind a hyphen. */
export function words(text: string): string[] {
  return text.trim().replace(/-\s+/g, "-").split(/\s+/);
}

export interface ElectronEvent {
  defaultPrevented: boolean;
  preventDefault: () => void;
}

export function electronEvent<T extends object>(details: T): T & ElectronEvent {
  return Object.assign(details, {
    defaultPrevented: false,
    preventDefault(this: ElectronEvent) {
      this.defaultPrevented = true;
    },
  });
}

/** What specs can look up, as `electron.__double`. */
export const recorded = {
  /** The outside calls in order: `["shell.openExternal", "https://..."]`. */
  calls: [] as [name: string, ...values: unknown[]][],
  trays: [] as object[],
  notifications: [] as object[],
};

export function record(name: string, ...values: unknown[]): void {
  recorded.calls.push([name, ...values]);
}
