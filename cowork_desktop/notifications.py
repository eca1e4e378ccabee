"""What the windows and the desktop shell are told of while the server runs."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from cowork_desktop.event_log import EventLog
from cowork_desktop.schemas.notifications import EVENT_ID, ServerEvent, StreamOpened

KEPT = 1000
"""How many events a reader that was away can still get."""


class Seen(NamedTuple):
    """The last event that a reader has, of some run of the server."""

    instance_id: str
    sequence_number: int

    @classmethod
    def parse(cls, id: str) -> "Seen | None":
        """None where it is no event's id."""
        if not re.fullmatch(EVENT_ID, id):
            return None
        instance_id, _, number = id.partition(":")
        return cls(instance_id, int(number))


class Notifications:
    """Each event is made once, however many read it. None is stored: they say what to look at, and are of
    this run of the server alone."""

    def __init__(self, instance_id: str) -> None:
        self._instance_id = instance_id
        self._log = EventLog[bytes](keep=KEPT)
        self._is_closed = False

    def tell(self, kind: Callable[..., ServerEvent], **fields: Any) -> None:
        """Tell of something that is stored already. After `close` nobody is told: work still ends then."""
        if not self._is_closed:
            self._log.append(self._frame(kind(sequence_number=len(self._log), **fields)))

    async def follow(self, after: Seen | None = None) -> AsyncIterator[Sequence[bytes]]:
        """`stream.opened`, the frames after the one that the reader has, then live until `close`.

        Without `after`: what is told from now on. Where what the reader has missed is not known, because
        events are gone or another run of the server told them, it gets all that is kept, and is told that
        this is not complete. So is one that is too slow: its stream ends, and it is to connect again.
        """
        told, first = len(self._log), self._log.first
        start, is_complete = told, True
        if after is not None:
            start = after.sequence_number + 1
            is_complete = after.instance_id == self._instance_id and first <= start <= told
            start = start if is_complete else first
        frames = self._log.follow(start)
        opened = StreamOpened(
            sequence_number=start - 1, instance_id=self._instance_id, is_complete=is_complete
        )
        yield [self._frame(opened)]
        async for batch in frames:
            yield batch

    def close(self) -> None:
        """Let the readers go."""
        self._is_closed = True
        self._log.close()

    def _frame(self, event: ServerEvent) -> bytes:
        return b"id: %b:%d\nevent: %b\ndata: %b\n\n" % (
            self._instance_id.encode(),
            event.sequence_number,
            event.type.encode(),
            event.__pydantic_serializer__.to_json(event),
        )
