"""Changes of a text that keep its line ends."""


def replaced(text: str, old: str, new: str) -> tuple[str, int]:
    """The text with `new` in the place of `old`, where that is there once, and how often it is there."""
    if _ends_in_crlf(text) or (old not in text and "\r\n" in text):
        old, new = _in_crlf(old), _in_crlf(new)
    found = text.count(old)
    return (text.replace(old, new) if found == 1 else text), found


def appended(text: str, more: str) -> str:
    return text + (_in_crlf(more) if _ends_in_crlf(text) else more)


def _ends_in_crlf(text: str) -> bool:
    """Whether all of its lines do."""
    return 0 < text.count("\n") == text.count("\r\n")


def _in_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")
