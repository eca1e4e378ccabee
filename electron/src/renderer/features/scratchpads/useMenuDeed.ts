/** What is chosen in a menu and puts the focus elsewhere: done when the menu is closed, which keeps the focus until then. */
import { useCallback, useRef } from "react";

export function useMenuDeed(): { choose: (deed: () => void) => void; onCloseFocus: (event: Event) => void } {
  const chosen = useRef<(() => void) | null>(null);
  const choose = useCallback((deed: () => void) => {
    chosen.current = deed;
  }, []);
  const onCloseFocus = useCallback((event: Event) => {
    const deed = chosen.current;
    chosen.current = null;
    if (!deed) return;
    event.preventDefault();
    deed();
  }, []);
  return { choose, onCloseFocus };
}
