"""Marks content that somebody else may have written as data, so that the model can tell it from instructions.

Two things keep content from ending its own fence. Its tags carry a digest of the content, which nobody can
write into the content itself. And what only looks like such a tag, to a reader who forgives case, spaces,
accents, invisible characters and letters of other scripts, has its bracket exchanged.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

_NAME = "content"
_TAG = re.compile(rf"<(?:[\s/\\⁄∕]*[/\\⁄∕]\s*)?{_NAME}(?![\w-])")
"""Not `i < content`, which is a line of somebody's program."""
_OPENS = re.compile("[<≮＜﹤]")
_LETTERS = str.maketrans("сσᴄоοօᴏոпɴνтτᴛеεᴇ", "cccoooonnnnttteee")
"""Those of other scripts that look like the name's (a sigma: what NFKD makes of the lunate one)."""
_BLANKS = "\u115f\u1160\u2800"
_LONGEST_LABEL = 300
_LONGEST_NAME = 200


def fence(text: str, source: str) -> str:
    """The text between tags that it cannot close itself. `source` says where it comes from, in words.

    The same text from the same source is always fenced in the same way.
    """
    label = _label(source)
    id = hashlib.sha256(f"{label}\n{text}".encode(errors="surrogatepass")).hexdigest()[:16]
    return f'<{_NAME} from="{label}" id="{id}">\n{_without_tags(text)}\n</{_NAME} id="{id}">'


def _label(source: str) -> str:
    """One line without anything that could end the attribute or cannot be seen."""
    seen = "".join(character if character.isprintable() else " " for character in source)
    plain = re.sub('["“”„‟＂]', "'", seen).replace("<", "‹").replace(">", "›")
    return " ".join(plain.split())[:_LONGEST_LABEL]


def _without_tags(text: str) -> str:
    """The text with another bracket before each of our tags that it shows."""
    if not _OPENS.search(text):
        return text
    plain: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        looks = _plain(character)
        plain.append(looks)
        places += [place] * len(looks)
    characters = list(text)
    for tag in _TAG.finditer("".join(plain)):
        characters[places[tag.start()]] = "‹"
    return "".join(characters)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """What it looks like: nothing where it cannot be seen."""
    return "".join(
        part
        for part in unicodedata.normalize("NFKD", character).casefold().translate(_LETTERS)
        if part.isspace() or not (unicodedata.category(part) in ("Cc", "Cf", "Mn", "Me") or part in _BLANKS)
    )


def as_data(text: str, source: str | None) -> str:
    """Fenced where it has a source: somebody else may have written it."""
    return text if source is None else fence(text, source)


def shown_name(name: str) -> str:
    """The name of a file, which somebody else may have given it, on one line of bounded length."""
    seen = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(seen.replace("<", "‹").replace(">", "›").split())[:_LONGEST_NAME]
