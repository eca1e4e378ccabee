"""Makes texts and values shorter, and says so where something was left out."""

from typing import Any

from cowork_desktop.agent.tokens import of_text


def shortened(text: str, characters: int) -> str:
    """The text; of a longer one its beginning and its end, about so many characters in all, and a note."""
    if len(text) <= characters:
        return text
    note = f"\n[… {len(text) - characters:,} characters are left out here …]\n"
    if len(text) <= characters + len(note):
        return text
    head = characters * 2 // 3
    return f"{text[:head]}{note}{text[len(text) - (characters - head) :]}"


def within(text: str, tokens: int) -> str:
    """The text, shortened in the middle where it has more tokens by estimate."""
    characters = len(text)
    shorter = text
    while characters > 0 and (size := of_text(shorter)) > tokens:
        characters = min(characters - 1, characters * tokens // size - 20)
        shorter = shortened(text, max(0, characters))
    return shorter


def short_values(value: Any, characters: int) -> Any:
    """A JSON value whose texts are shortened, and so are lists where they are very long."""
    match value:
        case str():
            return shortened(value, characters)
        case dict():
            return {key: short_values(one, characters) for key, one in value.items()}
        case list():
            most = max(10, characters // 10)
            rest = [f"[… {len(value) - most:,} more are left out here …]"] if len(value) > most else []
            return [*(short_values(one, characters) for one in value[:most]), *rest]
    return value


def one_line(text: str, characters: int) -> str:
    """The text in one line, cut at its end."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"
