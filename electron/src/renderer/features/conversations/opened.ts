/** Which steps are opened: a row that is scrolled out of sight is taken down, and is as it was when it comes back. */
import { createContext, use, useState } from "react";

/** The key of the row that a component stands in. */
export const RowKey = createContext("");

const opened = new Set<string>();

/** `place`: within the row. */
export function useOpened(place: string): [boolean, () => void] {
  const key = `${use(RowKey)}:${place}`;
  const [isOpen, setOpen] = useState(() => opened.has(key));
  const toggle = () => {
    if (isOpen) opened.delete(key);
    else opened.add(key);
    setOpen(!isOpen);
  };
  return [isOpen, toggle];
}
