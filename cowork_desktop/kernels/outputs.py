"""What a cell has put out: a kernel's messages folded into outputs, merged and bounded; pure."""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cowork_desktop.schemas.mime_bundles import from_bundle
from cowork_desktop.schemas.scratchpads import Output, updated

StreamName = Literal["stdout", "stderr"]
MOST_OUTPUTS = 5_000
_TYPES = ("stream", "display_data", "execute_result", "update_display_data", "error", "clear_output")
_LONGEST_TRACEBACK = 200_000


@dataclass(frozen=True)
class Change:
    """What a message has changed: a new output at `index`, more text (`output.data`) at its end, another one
    in its place, or none of them left."""

    kind: Literal["add", "append", "replace", "clear"]
    index: int = 0
    output: Output | None = None


class Outputs:
    """The outputs of one run, of at most `limit` bytes and MOST_OUTPUTS pieces; what is cut is said."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._outputs: list[Output | _Stream] = []
        self._size = 0
        self._is_cut = self._has_error = False
        self._clears_with_next = False
        self._elsewhere: dict[str, Output] = {}

    def all(self) -> list[Output]:
        return [one.output() if isinstance(one, _Stream) else one for one in self._outputs]

    def take_elsewhere(self) -> dict[str, Output]:
        """The updates since the last time of displays that other cells may have shown, too.

        The newest of each, by display id."""
        taken, self._elsewhere = self._elsewhere, {}
        return taken

    def take(self, type: str, content: Mapping[str, Any] | None) -> list[Change]:
        """Fold one message in; `content` is None where it was too large to be read."""
        if type not in _TYPES:
            return []
        if content is None:
            return self._cut()
        content = _storable(content)
        if type == "clear_output":
            if content.get("wait"):
                self._clears_with_next = True
                return []
            return self._clear()
        if type == "update_display_data":
            return self._update(content)
        changes = self._clear() if self._clears_with_next else []
        if type == "stream":
            return changes + self._stream(content["name"], content["text"])
        return changes + self._add(_error(content) if type == "error" else _shown(type, content))

    def page(self, payload: list[Mapping[str, Any]]) -> list[Change]:
        """What a reply asks to show beside the outputs: the text of `name?`, say."""
        pages = [one for one in payload if one.get("source") == "page" and one.get("data")]
        return [change for one in pages for change in self._add(_shown("display_data", _storable(one)))]

    def notice(self, text: str) -> list[Change]:
        """A word of the server's own; it always has room."""
        return self._append_output(Output(mime="text/plain", data=text, kind="notice"))

    def _stream(self, name: StreamName, text: str) -> list[Change]:
        if self._is_cut:
            return []
        room = max(0, self._limit - self._size)
        size = len(text) if text.isascii() else len(text.encode())
        cut = size > room
        if cut:
            text = text.encode()[:room].decode("utf-8", "ignore")
        changes = self._add_text(name, text) if text else []
        return changes + (self._cut() if cut else [])

    def _add_text(self, name: StreamName, text: str) -> list[Change]:
        """Text goes on in the stream of its name that is there, if only streams have come since."""
        piece = Output(mime="text/plain", data=text, kind="stream", name=name)
        for index in range(len(self._outputs) - 1, -1, -1):
            stream = self._outputs[index]
            if not isinstance(stream, _Stream):
                break
            if stream.name == name:
                self._size += stream.append(text)
                return [Change("append", index, piece)]
        if self._is_full:
            return self._cut()
        stream = _Stream(name)
        self._size += stream.append(text)
        self._outputs.append(stream)
        return [Change("add", len(self._outputs) - 1, piece)]

    def _add(self, output: Output) -> list[Change]:
        size = _size(output)
        is_reason = output.kind == "error" and not self._has_error  # it must not be lost
        self._has_error |= is_reason
        if not is_reason and (self._is_cut or self._size + size > self._limit or self._is_full):
            return [] if self._is_cut else self._cut()
        self._size += size
        return self._append_output(output)

    @property
    def _is_full(self) -> bool:
        return len(self._outputs) >= MOST_OUTPUTS

    def _append_output(self, output: Output) -> list[Change]:
        self._outputs.append(output)
        return [Change("add", len(self._outputs) - 1, output)]

    def _update(self, content: Mapping[str, Any]) -> list[Change]:
        shown = _shown("update_display_data", content)
        if shown.display_id is None:
            return []
        places = [
            index
            for index, one in enumerate(self._outputs)
            if isinstance(one, Output) and one.display_id == shown.display_id
        ]
        if len(self._elsewhere) < MOST_OUTPUTS and _size(shown) <= self._limit:
            self._elsewhere[shown.display_id] = shown
        changes: list[Change] = []
        for index in places:
            before = self._outputs[index]
            assert isinstance(before, Output)
            after = updated(before, shown)
            if self._size - _size(before) + _size(after) > self._limit:
                return changes + ([] if self._is_cut else self._cut())
            self._size += _size(after) - _size(before)
            self._outputs[index] = after
            changes.append(Change("replace", index, after))
        return changes

    def _clear(self) -> list[Change]:
        self._outputs, self._size = [], 0
        self._is_cut = self._has_error = self._clears_with_next = False
        return [Change("clear")]

    def _cut(self) -> list[Change]:
        if self._is_cut:
            return []
        self._is_cut = True
        return self.notice(
            f"The output was cut here: a cell keeps {self._limit:,} bytes (setting kernels.output_bytes)"
            f" in {MOST_OUTPUTS:,} pieces at most."
        )


class _Stream:
    """Text that grows by small pieces, with what carriage returns and backspaces do on a terminal."""

    def __init__(self, name: StreamName) -> None:
        self.name = name
        self._lines: list[str] = []
        self._tail: list[str] = []
        """The pieces of the last line, which is not ended yet; a return in it may still be written over."""
        self._has_return = False

    def append(self, text: str) -> int:
        """Returns by how many bytes the whole has grown: fewer than were given where text was overwritten."""
        before = 0
        if self._has_return or "\r" in text or "\b" in text:
            line = "".join(self._tail)
            before, self._tail = _bytes(line), []
            *ended, last = (line + text).split("\n")
            last = _after_returns(_after_backspaces(last))
            text = "\n".join([*(_overwritten(line) for line in ended), last])
            self._has_return = "\r" in last
        head, newline, tail = text.rpartition("\n")
        if newline:
            self._lines += [*self._tail, head, newline]
            self._tail = []
        self._tail.append(tail)
        return _bytes(text) - before

    def output(self) -> Output:
        self._lines = ["".join(self._lines)]
        text = self._lines[0] + _overwritten("".join(self._tail))
        return Output(mime="text/plain", data=text, kind="stream", name=self.name)


def _overwritten(line: str) -> str:
    """The line as a terminal shows it."""
    below, _, above = _after_returns(_after_backspaces(line)).rpartition("\r")
    return _written_over(below, above)


def _after_returns(line: str) -> str:
    """The line with one return at most: what stood there, and what is being written over it."""
    *below, above = line.split("\r")
    return f"{functools.reduce(_written_over, below)}\r{above}" if below else line


def _written_over(below: str, above: str) -> str:
    # Where colours are in it, the length of a text says nothing of its width.
    is_coloured = "\x1b" in below or "\x1b" in above
    return (above or below) if is_coloured else above + below[len(above) :]


def _after_backspaces(line: str) -> str:
    if "\b" not in line:
        return line
    left: list[str] = []
    for character in line:
        if character != "\b":
            left.append(character)
        elif left and left[-1] != "\r":
            left.pop()
    return "".join(left)


def _shown(type: str, content: Mapping[str, Any]) -> Output:
    mime, data, alternatives = from_bundle(content["data"])
    fields: dict[str, Any] = {"mime": mime, "data": data, "kind": "display"}
    if type == "execute_result":
        fields |= {"kind": "result", "execution_count": content.get("execution_count")}
    if alternatives:
        fields["alternatives"] = alternatives
    if content.get("metadata"):
        fields["metadata"] = content["metadata"]
    display_id = (content.get("transient") or {}).get("display_id")
    return Output(**fields, **({"display_id": str(display_id)} if display_id else {}))


def _error(content: Mapping[str, Any]) -> Output:
    names = {"ename": content["ename"], "evalue": content["evalue"]}
    text = "\n".join(content["traceback"]) or f"{content['ename']}: {content['evalue']}"
    if len(text) > _LONGEST_TRACEBACK:
        text = f"{text[: _LONGEST_TRACEBACK // 2]}\n[...]\n{text[-_LONGEST_TRACEBACK // 2 :]}"
        names["evalue"] = names["evalue"][:1000]
    return Output(mime="text/plain", data=text, kind="error", metadata=names)


def _size(output: Output) -> int:
    shapes = [output.data, *output.alternatives.values(), *([output.metadata] if output.metadata else [])]
    return sum(_bytes(s if isinstance(s, str) else json.dumps(s)) for s in shapes)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _storable(value: Any) -> Any:
    """The value without lone surrogates, which UTF-8 does not have, and numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value
