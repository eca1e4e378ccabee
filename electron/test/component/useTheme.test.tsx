import { act, render, screen } from "@testing-library/react";
import { useReducer } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { useTheme } from "@/hooks/useTheme";

afterEach(() => vi.unstubAllGlobals());

/** Chromium's: what changed is told with the next frame, by lists that nobody has read since. */
function fakeMedia() {
  let isDark = false;
  const lists = new Set<List>();
  class List extends EventTarget {
    private known = isDark;
    constructor() {
      super();
      lists.add(this);
    }
    get matches(): boolean {
      return (this.known = isDark);
    }
    frame(): void {
      if (this.known !== this.matches) this.dispatchEvent(new Event("change"));
    }
  }
  vi.stubGlobal("matchMedia", () => new List());
  return {
    darken: () => (isDark = true),
    frame: () => {
      for (const list of lists) list.frame();
    },
  };
}

function Early() {
  const [, again] = useReducer((renders: number) => renders + 1, 0);
  return <button onClick={again}>{useTheme()}</button>;
}

test("the system's theme reaches all, also if one is drawn again before the browser tells of it", () => {
  const media = fakeMedia();
  const Late = () => <p>{useTheme()}</p>;
  render(
    <>
      <Early />
      <Late />
    </>,
  );
  expect(screen.getByRole("paragraph")).toHaveTextContent("light");
  media.darken();
  act(() => screen.getByRole("button").click());
  expect(screen.getByRole("button")).toHaveTextContent("dark");
  act(() => media.frame());
  expect(screen.getByRole("paragraph")).toHaveTextContent("dark");
});
