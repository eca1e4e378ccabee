/** What opened an editor has the focus again in the very rendering in which it comes back. */
import { fireEvent, render, screen } from "@testing-library/react";
import { useLayoutEffect, useState } from "react";
import { expect, test } from "vitest";
import { useFocusBack } from "@/hooks/useFocusBack";

let focusedOnceRendered: Element | null = null;

function Row() {
  const [isEditing, setEditing] = useState(false);
  const [edit, giveFocusBack] = useFocusBack<HTMLButtonElement>();
  useLayoutEffect(() => {
    focusedOnceRendered = document.activeElement;
  });
  return isEditing ? (
    <input
      aria-label="Words"
      onKeyDown={() => {
        giveFocusBack();
        setEditing(false);
      }}
      onBlur={() => setEditing(false)}
    />
  ) : (
    <button type="button" ref={edit} onClick={() => setEditing(true)}>
      Edit
    </button>
  );
}

test("the focus is back without waiting for a frame", () => {
  render(<Row />);
  fireEvent.click(screen.getByRole("button"));
  screen.getByRole("textbox").focus();
  fireEvent.keyDown(screen.getByRole("textbox"), { key: "Enter" });
  expect(focusedOnceRendered).toBe(screen.getByRole("button"));
});

test("an editor that was left for something else takes no focus", () => {
  render(<Row />);
  fireEvent.click(screen.getByRole("button"));
  screen.getByRole("textbox").focus();
  fireEvent.blur(screen.getByRole("textbox"));
  expect(screen.getByRole("button")).not.toHaveFocus();
});
