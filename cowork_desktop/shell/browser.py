"""The user's default browser, where there is one that can show a page."""

import os
import sys
import threading


class Browser:
    def can_show(self) -> bool:
        """Whether there is a screen; a terminal browser would take the terminal away."""
        on_a_desktop = sys.platform in ("win32", "darwin")
        return on_a_desktop or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

    def show(self, url: str) -> bool:
        """Open the page without waiting for it; false where there is nothing to show it."""
        if not self.can_show():
            return False
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()
        return True
