/** Short words at the edge of the window, which screen readers hear politely. */
import { Toaster as Sonner, toast as sonner } from "sonner";
import { messageOf } from "@/api/client";

export const Toaster = ({ theme }: { theme: "light" | "dark" }) => (
  <Sonner theme={theme} position="bottom-right" closeButton toastOptions={{ duration: 6_000 }} />
);

interface Action {
  label: string;
  onPress: () => void;
}

/** `action`: what takes it back, say. */
export function toast(words: string, action?: Action): void {
  sonner(words, buttonOf(action));
}

export function toastError(error: unknown, action?: Action): void {
  sonner.error(messageOf(error), {
    duration: 10_000,
    ...buttonOf(action),
  });
}

function buttonOf(action: Action | undefined) {
  if (!action) return {};
  const onClick = () => {
    // The focus goes back to where it was before, not afterwards: what is done may put it elsewhere.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    action.onPress();
  };
  return { action: { label: action.label, onClick } };
}
