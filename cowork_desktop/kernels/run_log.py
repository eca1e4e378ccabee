"""The events of one run, as its readers get them: every one in order, from any position."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from cowork_desktop.event_log import EventLog
from cowork_desktop.kernels.outputs import Change
from cowork_desktop.schemas.events import frame
from cowork_desktop.schemas.scratchpads import CellCleared, CellOutput, CellUpdate, Output

_MOST_BYTES = 64 * 1024 * 1024


class _Stretch:
    """A part of the log; `follower` is the one that came after it."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.log: EventLog[bytes] = EventLog()
        self.size = 0
        self.follower: _Stretch | None = None


class RunLog:
    """Numbers the events of a run and keeps them for its readers.

    A log that has grown large begins anew with what there is then, so that an animation does not fill the
    memory: who comes late, or is far behind, gets the outputs as they were at that point, and what follows.
    """

    def __init__(self, run_id: str, *, first: int = 0) -> None:
        self.run_id = run_id
        self._next = first
        self._stretch = _Stretch(first)
        self._restated = 0
        """The bytes with which the log began anew."""

    @property
    def size(self) -> int:
        """The bytes that it holds now."""
        return self._stretch.size

    def change(self, change: Change) -> None:
        fields: dict[str, Any] = {"sequence_number": self._next, "run_id": self.run_id}
        if change.output is None:
            event: CellOutput | CellUpdate | CellCleared = CellCleared(type="clear", **fields)
        else:
            fields |= {name: getattr(change.output, name) for name in change.output.model_fields_set}
            fields["index"] = change.index
            if change.kind == "replace":
                event = CellUpdate(type="update", **fields)
            elif change.kind == "append":
                event = CellOutput(type="output", append=True, **fields)
            else:
                event = CellOutput(type="output", **fields)
        data = event.__pydantic_serializer__.to_json(event, exclude_unset=True)
        self._append(event.type, data)

    def restate(self, outputs: Sequence[Output]) -> None:
        """Tell all outputs as they are now."""
        self.change(Change("clear"))
        for index, output in enumerate(outputs):
            self.change(Change("add", index, output))

    @property
    def is_large(self) -> bool:
        return self.size > self._restated + _MOST_BYTES

    def begin_anew(self, outputs: Sequence[Output]) -> None:
        """Forget what was, for readers to come; `outputs` are all there are now."""
        old, self._stretch = self._stretch, _Stretch(self._next)
        old.follower = self._stretch
        old.log.close()
        self.restate(outputs)
        self._restated = self.size

    def end(self, status: str, cell: bytes) -> None:
        """Tell the end, with the cell as JSON, and let the readers go."""
        data = b'{"type":"done","sequence_number":%d,"run_id":"%b","status":"%b","cell":%b}'
        self._append("done", data % (self._next, self.run_id.encode(), status.encode(), cell))
        self._stretch.log.close()

    async def follow(self, after: int = -1) -> AsyncIterator[Sequence[bytes]]:
        """The frames above `after`, to the end of the run."""
        stretch: _Stretch | None = self._stretch
        while stretch:
            async for frames in stretch.log.follow(max(0, after + 1 - stretch.first)):
                yield frames
            stretch, after = stretch.follower, -1

    def _append(self, type: str, data: bytes) -> None:
        framed = frame(self._next, type, data)
        self._next += 1
        self._stretch.size += len(framed)
        self._stretch.log.append(framed)
