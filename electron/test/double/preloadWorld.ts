/**
 * The scripts of a page's two worlds. They run in Chromium as the text of these functions, so each stands alone: the bridge's end in the
 * page's own world, and the preload's isolated world with what a sandboxed preload may require.
 */
import { readFileSync } from "node:fs";
import { Script } from "node:vm";

export const world = "electron-preload";
export const binding = "__electronDoubleSend";
export const receiver = "__electronDoubleReceive";

/** What the preload world says to the main process. */
export interface Said {
  kind: "send" | "invoke" | "preload-error";
  channel: string;
  values: unknown[];
  id: number;
  url: string;
  origin: string;
}

/** What the main process says to the preload world: a message, or the answer to an `invoke`. */
export type Told =
  { channel: string; values: unknown[] } | { answer: number; value?: unknown; error?: string };

/** One end of the bridge between the worlds. Calls are synchronous, as Electron's; what is exposed is frozen. */
function bridgeEnd(token: string, own: string, other: string) {
  type Wire = unknown;
  interface Outcome {
    value?: Wire;
    error?: Wire;
  }
  const { freeze, entries, fromEntries, defineProperty } = Object;
  const functions: ((...values: unknown[]) => unknown)[] = [];
  const known = new Map<unknown, number>();
  const settled = new Map<string, [resolve: (value: unknown) => void, reject: (error: unknown) => void]>();
  let last = 0;
  const say = (name: string, detail: unknown): boolean =>
    dispatchEvent(new CustomEvent(`${token}:${other}:${name}`, { detail }));
  const hear = (name: string, listener: (detail: never) => void): void => {
    addEventListener(`${token}:${own}:${name}`, (event) => {
      event.stopImmediatePropagation();
      listener((event as CustomEvent<never>).detail);
    });
  };
  const plain = (value: object): boolean => {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || prototype === Object.prototype;
  };

  function encode(value: unknown): Wire {
    if (typeof value === "function") {
      const id = known.get(value) ?? functions.push(value as () => unknown) - 1;
      known.set(value, id);
      return { is: "function", id };
    }
    if (value instanceof Promise) {
      const id = `${own}${(last += 1)}`;
      const settle = (outcome: Outcome): unknown => say("settle", { id, outcome });
      value.then(
        (result) => settle({ value: encode(result) }),
        (error: unknown) => settle({ error: encode(error) }),
      );
      return { is: "promise", id };
    }
    if (value instanceof Error) return { is: "error", message: value.message, name: value.name };
    if (Array.isArray(value)) return { is: "list", values: value.map(encode) };
    if (typeof value === "object" && value !== null && plain(value))
      return { is: "object", entries: entries(value).map(([key, part]) => [key, encode(part)]) };
    return { is: "value", value };
  }

  function decode(wire: Wire): unknown {
    const coded = wire as {
      is: string;
      id: never;
      message: string;
      values: Wire[];
      entries: [string, Wire][];
      value: unknown;
    };
    switch (coded.is) {
      case "function":
        return (...values: unknown[]) => call(coded.id, values);
      case "promise":
        return new Promise((resolve, reject) => settled.set(coded.id, [resolve, reject]));
      case "error":
        return new Error(coded.message);
      case "list":
        return coded.values.map(decode);
      case "object":
        return fromEntries(coded.entries.map(([key, part]) => [key, decode(part)]));
      default:
        return coded.value;
    }
  }

  function call(id: number, values: unknown[]): unknown {
    let outcome: Outcome = { error: encode(new Error("The other world is gone")) };
    const number = (last += 1);
    const name = `returned${number}`;
    addEventListener(
      `${token}:${own}:${name}`,
      (event) => (outcome = (event as CustomEvent<Outcome>).detail),
      { once: true },
    );
    say("call", { id, values: values.map(encode), name });
    if ("error" in outcome) throw decode(outcome.error) as Error;
    return decode(outcome.value);
  }

  hear("call", ({ id, values, name }: { id: number; values: Wire[]; name: string }) => {
    let outcome: Outcome;
    try {
      outcome = { value: encode(functions[id]?.(...values.map(decode))) };
    } catch (error) {
      outcome = { error: encode(error) };
    }
    say(name, outcome);
  });
  hear("settle", ({ id, outcome }: { id: string; outcome: Outcome }) => {
    const [resolve, reject] = settled.get(id) ?? [];
    if ("error" in outcome) reject?.(decode(outcome.error));
    else resolve?.(decode(outcome.value));
    settled.delete(id);
  });
  const deepFreeze = (value: unknown): unknown => {
    if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
    return freeze(value);
  };
  hear("expose", ({ key, api }: { key: string; api: Wire }) => {
    defineProperty(globalThis, key, { value: deepFreeze(decode(api)), enumerable: true });
  });
  return (key: string, api: unknown): void => {
    say("expose", { key, api: encode(api) });
  };
}

type Preload = (
  require: (name: string) => object,
  module: { exports: object },
  exports: object,
  process: object,
) => void;

interface Given {
  path: string;
  process: object;
  binding: string;
  receiver: string;
}

function preloadWorld(expose: (key: string, api: unknown) => void, given: Given, preload: Preload): void {
  type Heard = (event: object, ...values: unknown[]) => void;
  const send = (globalThis as unknown as Record<string, (text: string) => void>)[given.binding];
  const listeners = new Map<string, Heard[]>();
  const waiting = new Map<number, [(value: unknown) => void, (error: Error) => void]>();
  const exposed = new Set<string>();
  let last = 0;
  const has = <T extends object>(name: string, object: T): T =>
    new Proxy(object, {
      get(target, key) {
        if (typeof key === "string" && !(key in target) && key !== "then")
          throw new Error(`The double of electron has no ${name}.${key} in a sandboxed preload`);
        return Reflect.get(target, key) as unknown;
      },
    });
  const say = (kind: string, channel: string, values: unknown[], id = 0): void => {
    send?.(
      JSON.stringify({
        kind,
        channel,
        values: structuredClone(values),
        id,
        url: location.href,
        origin: location.origin,
      }),
    );
  };
  const remove = (channel: string, listener?: Heard): void => {
    listeners.set(
      channel,
      listener ? (listeners.get(channel) ?? []).filter((other) => other !== listener) : [],
    );
  };
  const on = (channel: string, listener: Heard): typeof ipcRenderer => {
    listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    return ipcRenderer;
  };
  const ipcRenderer = has("ipcRenderer", {
    on,
    addListener: on,
    once: (channel: string, listener: Heard) => {
      const once: Heard = (event, ...values) => {
        remove(channel, once);
        listener(event, ...values);
      };
      return on(channel, once);
    },
    off: remove,
    removeListener: remove,
    removeAllListeners: (channel: string) => {
      remove(channel);
    },
    send: (channel: string, ...values: unknown[]) => {
      say("send", channel, values);
    },
    invoke: (channel: string, ...values: unknown[]) =>
      new Promise((resolve, reject) => {
        const id = (last += 1);
        waiting.set(id, [resolve, reject]);
        say("invoke", channel, values, id);
      }),
  });
  const contextBridge = has("contextBridge", {
    exposeInMainWorld: (key: string, api: unknown) => {
      if (exposed.has(key))
        throw new Error("Cannot bind an API on top of an existing property on the window object");
      exposed.add(key);
      expose(key, api);
    },
  });
  const webUtils = has("webUtils", { getPathForFile: () => "" });
  const electron = has("electron", { ipcRenderer, contextBridge, webUtils });
  const modules: Record<string, object> = { electron, "electron/renderer": electron };
  const require = (name: string): object => {
    const found = modules[name];
    if (!found) throw new Error(`module not found: ${name}`);
    return found;
  };
  const receive = (told: Told): void => {
    if ("answer" in told) {
      const [resolve, reject] = waiting.get(told.answer) ?? [];
      waiting.delete(told.answer);
      if (told.error !== undefined) reject?.(new Error(told.error));
      else resolve?.(told.value);
      return;
    }
    for (const listener of listeners.get(told.channel) ?? [])
      listener({ sender: ipcRenderer, ports: [], senderId: 0 }, ...told.values);
  };
  Object.defineProperty(globalThis, given.receiver, { value: receive });
  try {
    const module = { exports: {} };
    preload(require, module, module.exports, given.process);
  } catch (error) {
    console.error("Unable to load preload script:", error);
    say("preload-error", given.path, [error instanceof Error ? error.message : String(error)]);
  }
}

/** Chromium's own word of titles comes late or never. */
function watchTitle(send: (title: string) => void): void {
  let last = "";
  const tell = (): void => {
    if (document.title === last) return;
    last = document.title;
    send(last);
  };
  new MutationObserver(tell).observe(document, { subtree: true, childList: true, characterData: true });
}

export const titleWorld = "electron-double-title";
export const titleBinding = "__electronDoubleTitle";

export function titleScript(): string {
  return inMainFrame(`(${watchTitle.toString()})((title) => ${titleBinding}(title))`);
}

/** For the page's own world, before the preload's. */
export function pageScript(token: string): string {
  return inMainFrame(`(${bridgeEnd.toString()})(${JSON.stringify(token)}, "page", "preload")`);
}

/** For the preload's isolated world; throws a `SyntaxError` where the file at `path` has one. */
export function preloadScript(token: string, path: string, process: object): string {
  const text = readFileSync(path, "utf8");
  new Script(text, { filename: path });
  const preload = `(require, module, exports, process) => { ${text}\n }`;
  const given: Given = { path, process, binding, receiver };
  const bridge = `(${bridgeEnd.toString()})(${JSON.stringify(token)}, "preload", "page")`;
  return inMainFrame(`(${preloadWorld.toString()})(${bridge}, ${JSON.stringify(given)}, ${preload})`);
}

/** Frames within a page have no preload, and neither has the empty page before the first one. */
function inMainFrame(script: string): string {
  return `if (window === window.top && location.href !== "about:blank") { ${script}; }`;
}
