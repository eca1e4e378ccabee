"""A browser that notes what it is to show; as it stands, there is no display for it."""

from cowork_desktop.shell.browser import Browser


class NotingBrowser(Browser):
    def __init__(self, *, has_display: bool = False) -> None:
        self.shown: list[str] = []
        self._has_display = has_display

    def can_show(self) -> bool:
        return self._has_display

    def show(self, url: str) -> bool:
        if self._has_display:
            self.shown.append(url)
        return self._has_display
