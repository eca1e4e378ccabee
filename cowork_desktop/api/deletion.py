"""What the handlers that delete conversations share."""

from collections.abc import Sequence

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.store import scratchpads


async def end_work_of(app: web.Application, conversation_ids: Sequence[str]) -> None:
    """End what runs in conversations that are hidden already, and let the sweep take what they hold."""
    await app[keys.TURNS].cancel_all_of(conversation_ids)
    pads = await app[keys.DB].read(scratchpads.of_conversations, conversation_ids)
    await app[keys.CELL_RUNS].forget(pads)
    app[keys.DELETION].start()
