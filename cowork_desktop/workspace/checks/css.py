"""Style sheets: whether strings, comments and brackets are closed, and what they load."""

import re

from cowork_desktop.workspace.checks.faults import Findings, Lines

_STRING = r"""(?:"(?:[^"\\\n\r\f]|\\(?:\r\n|[\s\S]))*+"|'(?:[^'\\\n\r\f]|\\(?:\r\n|[\s\S]))*+')"""
_TOKEN = re.compile(
    rf"""
      (?P<comment>/\*[\s\S]*?\*/)
    | (?P<open_comment>/\*)
    | (?P<url>url\(\s*+(?P<address>{_STRING}|(?:\\[\s\S]|[^\\)])*+)\s*+\))
    | (?P<open_url>url\()
    | (?P<string>{_STRING})
    | (?P<open_string>["'])
    | (?P<open>[({{\[])
    | (?P<close>[)}}\]])
    | (?P<at>@[-\w]+)
    | (?P<end>;)
    | (?P<other>\\[\s\S]?|(?:(?!url\()[^\\"'(){{}}\[\]/@;])+|/|@)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNFINISHED = {
    "open_comment": "the comment that begins here is not closed",
    "open_url": "the url( that begins here is not closed",
    "open_string": "the string that begins here is not closed on its line",
}
_OPENING = {")": "(", "]": "[", "}": "{"}


def check_css(text: str, first_line: int = 1) -> Findings:
    """Of a style sheet, or of a style attribute."""
    found, opened, rule, lines = Findings(), list[re.Match[str]](), "", Lines(text, first_line)

    def line(token: re.Match[str]) -> int:
        return lines.at(token.start())

    for token in _TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind in _UNFINISHED:
            found.add(line(token), _UNFINISHED[kind])
            return found
        if kind == "close":
            if not opened or opened.pop()[0] != _OPENING[token[0]]:
                found.add(line(token), f"this {token[0]} closes nothing that is open")
                return found
        elif kind == "open":
            opened.append(token)
        elif kind == "url" and rule != "@namespace":
            found.refer(_unquoted(token["address"]), line(token), "load", "url()")
        elif kind == "string" and rule == "@import" and not opened:
            found.refer(_unquoted(token[0]), line(token), "load", "@import")
        rule = {"at": token[0].lower(), "end": "", "open": ""}.get(kind, rule)
    if opened:
        found.add(line(opened[-1]), f"this {opened[-1][0]} is not closed: is the file cut off?")
    return found


def _unquoted(address: str) -> str:
    address = address.strip()
    if address[:1] in ("'", '"') and address[-1:] == address[:1]:
        address = address[1:-1]
    return re.sub(r"\\([^0-9a-fA-F\n])", r"\1", address)
