"""Text with ANSI colours as HTML, readable on a light page and on a dark one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_OTHER_CONTROL = re.compile(
    r"\x1b\[[0-9;:]*[ -/<-?]*[@-ln-~]"  # CSI, but for SGR
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links
    r"|\x1b(?!\[)[ -/]*[0-Z\\^-~]?"
    r"|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
)
_CUBE = (0, 95, 135, 175, 215, 255)
# As much and as little light as text may have for a contrast of 4.5 to the pages of report.css.
_MOST_ON_LIGHT = 0.15
_LEAST_ON_DARK = 0.25

Rgb = tuple[int, int, int]
Colour = int | Rgb
"""One of the 16 that the page defines, or one by itself."""


@dataclass(frozen=True, slots=True)
class _Style:
    text: Colour | None = None
    ground: Colour | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False


_PLAIN = _Style()
_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"faint": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"inverse": True},
    21: {"bold": False},
    22: {"bold": False, "faint": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
}


def ansi_to_html(text: str) -> str:
    """Escaped text with a span around what has a style; all other control sequences are left out.

    The classes are those of report.css: `ansi-1` and `ansi-on-1` for the 16 colours, `ansi-rgb` for others.
    """
    return "".join(_spans(_OTHER_CONTROL.sub("", text)))


def _spans(text: str) -> Iterator[str]:
    style, position = _PLAIN, 0
    for found in _SGR.finditer(text):
        yield _span(text[position : found.start()], style)
        style, position = _after(style, found[1]), found.end()
    yield _span(text[position:], style)


def _span(text: str, style: _Style) -> str:
    inner = escape(text.replace("\x1b", ""), quote=False)
    return f"<span{_attributes(style)}>{inner}</span>" if inner and style != _PLAIN else inner


@lru_cache(maxsize=512)
def _attributes(style: _Style) -> str:
    classes = [
        f"ansi-{name}" for name in ("bold", "faint", "italic", "underline", "inverse") if getattr(style, name)
    ]
    rules = ""
    if isinstance(style.ground, int):
        classes.append(f"ansi-on-{style.ground}")
    elif style.ground:
        rules = f"background:{_hex(style.ground)};color:{'#000' if _light(style.ground) > 0.18 else '#fff'}"
    elif isinstance(style.text, int):
        classes.append(f"ansi-{style.text}")
    elif style.text:
        classes.append("ansi-rgb")
        on_light, on_dark = _mixed(style.text, 0), _mixed(style.text, 255)
        rules = f"--on-light:{_hex(on_light)};--on-dark:{_hex(on_dark)}"
    return f' class="{" ".join(classes)}"' * bool(classes) + f' style="{rules}"' * bool(rules)


@lru_cache(maxsize=512)
def _after(style: _Style, parameters: str) -> _Style:
    """The style after an SGR sequence, ECMA-48 8.3.117, with the 256 and the true colours of xterm."""
    codes = [int(code) if code else 0 for code in re.split("[;:]", parameters[:200])]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = _PLAIN
        elif code in _SWITCHES:
            style = replace(style, **_SWITCHES[code])
        elif code in (38, 48):
            colour = _long_colour(codes)
            style = replace(style, text=colour) if code == 38 else replace(style, ground=colour)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, text=code % 10 + 8 * (code >= 90))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = replace(style, ground=code % 10 + 8 * (code >= 100))
        elif code == 39:
            style = replace(style, text=None)
        elif code == 49:
            style = replace(style, ground=None)
    return style


def _long_colour(codes: list[int]) -> Colour | None:
    """Takes `5;n` or `2;r;g;b` from the front of the codes."""
    length = {5: 2, 2: 4}.get(codes[0] if codes else 0, 1)
    taken, codes[:] = codes[:length], codes[length:]
    match taken:
        case [5, n] if n < 16:
            return n
        case [5, n] if n < 232:
            return _CUBE[(n - 16) // 36], _CUBE[(n - 16) // 6 % 6], _CUBE[(n - 16) % 6]
        case [5, n] if n < 256:
            return (grey := 8 + 10 * (n - 232)), grey, grey
        case [2, r, g, b] if max(r, g, b) < 256:
            return r, g, b
        case _:
            return None


def _light(colour: Rgb) -> float:
    """The relative luminance of WCAG 2."""
    parts = [part / 255 for part in colour]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _mixed(colour: Rgb, end: int) -> Rgb:
    """The colour with just so much black (0) or white (255) in it that it can be read on the other."""
    for tenths in range(11):
        r, g, b = (round(part + (end - part) * tenths / 10) for part in colour)
        light = _light((r, g, b))
        if light >= _LEAST_ON_DARK if end else light <= _MOST_ON_LIGHT:
            break
    return r, g, b


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
