"""Reads the arguments of a tool call, which are JSON text that a model wrote."""

import json
from math import isfinite
from typing import Any, NoReturn

_DEEPEST_ARGUMENTS = 100
"""What is stored and sent as JSON again must stay within what every parser on the way takes."""


def parse_arguments(text: str) -> tuple[dict[str, Any] | None, str | None]:
    """The arguments of a tool call and None, or None and why the text cannot be used."""
    if not text:
        return {}, None
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return None, f"The arguments are not valid JSON: {error.msg} at character {error.pos} of {len(text)}."
    except RecursionError:
        return None, "The arguments are nested too deeply."
    except ValueError as error:
        return None, f"The arguments are not valid JSON: {_short(error)}."
    if _is_deeper(value, _DEEPEST_ARGUMENTS):
        return None, f"The arguments are nested deeper than {_DEEPEST_ARGUMENTS} levels."
    if not isinstance(value, dict):
        return None, f"The arguments must be a JSON object, not {type(value).__name__}."
    return value, None


def _is_deeper(value: Any, levels: int) -> bool:
    match value:
        case dict():
            inner = list(value.values())
        case list():
            inner = value
        case _:
            return False
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


def _finite(word: str) -> float:
    number = float(word)
    return number if isfinite(number) else _refuse(word)


def _short(error: ValueError) -> str:
    return "a character that is half of a pair" if isinstance(error, UnicodeError) else str(error)[:100]
