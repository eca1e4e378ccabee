/** Every action that the palette lists and a shortcut may start: views add theirs while they are shown. */
import type { ReactNode } from "react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { isApple } from "@/components/Keys";

export interface Command {
  /** Unique, as "task.new"; what is remembered as recent. */
  id: string;
  title: string;
  group: string;
  icon?: ReactNode;
  /** "mod+n": Ctrl, or ⌘ on a Mac. */
  shortcut?: string;
  /** Other words by which it is found. */
  keywords?: string[];
  run: () => void;
}

const commands = new Map<string, Command>();
const readers = new Set<() => void>();
let listed: readonly Command[] = [];

function changed(): void {
  listed = [...commands.values()];
  readers.forEach((reader) => reader());
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** All commands that there are now. */
export const useCommandList = (): readonly Command[] => useSyncExternalStore(subscribe, () => listed);

/** Does what a shortcut of it would; what no view has now is nothing. */
export const runCommand = (id: string): void => commands.get(id)?.run();

/** Adds commands while the component is shown; their `run` is always that of the last rendering. */
export function useCommands(given: readonly Command[]): void {
  const latest = useRef(given);
  useEffect(() => {
    latest.current = given;
  });
  const identity = given
    .map((command) => `${command.id}|${command.title}|${command.shortcut ?? ""}`)
    .join("\n");
  useEffect(() => {
    const added = latest.current.map((command) => ({
      ...command,
      run: () => latest.current.find((now) => now.id === command.id)?.run(),
    }));
    added.forEach((command) => commands.set(command.id, command));
    changed();
    return () => {
      added.forEach((command) => commands.get(command.id) === command && commands.delete(command.id));
      changed();
    };
  }, [identity]);
}

/** Whether a key press is a shortcut as "mod+shift+k". */
function isShortcut(event: KeyboardEvent, shortcut: string): boolean {
  const keys = shortcut.split("+");
  return (
    event.key.toLowerCase() === keys.at(-1) &&
    (isApple ? event.metaKey : event.ctrlKey) === keys.includes("mod") &&
    event.shiftKey === keys.includes("shift") &&
    event.altKey === keys.includes("alt")
  );
}

/** Runs commands by their shortcuts, wherever the focus is; once, at the root. */
export function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const found = listed.find((command) => command.shortcut && isShortcut(event, command.shortcut));
      if (found) {
        event.preventDefault();
        found.run();
      }
    };
    globalThis.addEventListener("keydown", press);
    return () => globalThis.removeEventListener("keydown", press);
  }, []);
}
