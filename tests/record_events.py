"""Records what a real server tells of turns and cell runs, for the tests of the page that folds it.

`python -m tests.record_events` writes `electron/test/recorded/` anew; names after it write those alone.
"""

import asyncio
import json
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cowork_desktop.kernels.outputs import Outputs
from tests.fakes.agent import Agent, Step, of_type, running_agent
from tests.fakes.messages_endpoint import (
    Json,
    Reply,
    overloaded,
    reply,
    stalled,
    text_block,
    thinking_block,
    tool_block,
    unauthorized,
)
from tests.fakes.scratchpad import Pad, new_pad, no_spare_kernel
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, running_server
from tests.fakes.site import page, running_site
from tests.flows.test_long_conversations import FEW, counted, limited, looking, summary_of

FOLDER = Path(__file__).parents[1] / "electron" / "test" / "recorded"
DONE = reply(text="Done.")
PLOT = (
    "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1), dpi=30)\nplt.plot([1, 3, 2])\n"
    "plt.axis('off')\nplt.show()"
)


@dataclass(frozen=True)
class Room:
    """A folder for one recording."""

    path: Path
    secrets: MemorySecrets = field(default_factory=MemorySecrets)

    @property
    def data(self) -> Path:
        return self.path / "data"

    @asynccontextmanager
    async def agent(self, *script: Step, **options: Any) -> AsyncIterator[Agent]:
        async with running_agent(self.data, *script, secrets=self.secrets, **options) as agent:
            yield agent


Recording = Callable[[Room], Awaitable[Json]]
TURNS: dict[str, Recording] = {}
CELLS: dict[str, str] = {}


def turn(make: Recording) -> Recording:
    TURNS[f"turn_{make.__name__}"] = make
    return make


async def told(server: Server, id: str) -> Json:
    """A turn's events to its end, and what is stored of it."""
    events = [frame.data for frame in await server.events(id)]
    response = await server.get(f"/responses/{id}")
    items = (await server.get(f"/conversations/{response['conversation_id']}/items"))["data"]
    answers = [one for one in items if one["response_id"] == id and one["role"] == "assistant"]
    return {"events": events, "response": response, "item": answers[0] if answers else None}


async def simple(agent: Agent, **fields: Any) -> Json:
    """A turn that needs nobody."""
    conversation = await agent.server.conversation(title="T")
    return await told(agent.server, await agent.begin(conversation, **fields))


async def until(agent: Agent, id: str, type: str) -> None:
    async with agent.server.stream("GET", f"/responses/{id}/events") as frames:
        async for frame in frames:
            if frame.type == type:
                return
    raise AssertionError(f"The turn ended without {type}.")


# Turns


@turn
async def text(room: Room) -> Json:
    words = ("Herons ", "stand in the shallow water", " and wait", ".\n\n- fish\n- frogs ", "🐸 é\n")
    async with room.agent(reply(text_block(*words))) as agent:
        return await simple(agent)


@turn
async def title(room: Room) -> Json:
    async with room.agent(reply(text="Hello.")) as agent:
        id = await agent.begin(await agent.server.conversation(), "How many herons are there?")
        recorded = await told(agent.server, id)
        assert of_type(await agent.server.events(id), "response.title.updated")
        return recorded


@turn
async def cells_and_plot(room: Room) -> Json:
    counting = "import time\nfor n in range(3):\n    print('row', n, flush=True); time.sleep(0.2)\n40 + 2"
    script = [
        reply(
            text_block("I count ", "first."),
            tool_block("a", "run_code", {"code": counting}),
        ),
        reply(tool_block("b", "run_code", {"code": PLOT})),
        reply(tool_block("c", "run_code", {"code": "1 / 0"})),
        reply(text="There are 42."),
    ]
    async with room.agent(*script) as agent:
        return await simple(agent)


@turn
async def reasoning_and_many_calls(room: Room) -> Json:
    pieces = ['{"con', 'tent": "Likes', ' \\"tea\\"', '."}']
    script = [
        reply(
            thinking_block("The user ", "wants all."),
            text_block("Looking."),
            tool_block("a", "search_conversation", {"query": "heron"}),
            tool_block("b", "remember", pieces=pieces),
            tool_block("c", "list_files", {}),
            tool_block("d", "no_such_tool", {"n": 1}),
            tool_block("e", "remember", pieces=["{broken"]),
        ),
        reply(thinking_block("Now ", "the answer."), text_block("All ", "seen.")),
    ]
    async with room.agent(*script) as agent:
        return await simple(agent)


async def _asked(room: Room, *answers: Json) -> Json:
    answers_of_site = {f"/birds/{n}": page("<p>Grey heron</p>") for n in range(len(answers))}
    async with running_site(room.path, answers_of_site) as site:
        calls = [
            tool_block(f"call_{n}", "fetch_page", {"url": site.url(f"/birds/{n}")})
            for n in range(len(answers))
        ]
        async with room.agent(reply(text_block("I read it."), *calls), DONE, pages=site.pages()) as agent:
            id = await agent.begin(await agent.server.conversation(title="T"))
            for n, answer in enumerate(answers):
                await agent.answer(await agent.asked(id, n + 1), **answer)
            return await told(agent.server, id)


@turn
async def approval_allowed(room: Room) -> Json:
    return await _asked(room, {"decision": "allow"})


@turn
async def approval_denied(room: Room) -> Json:
    return await _asked(room, {"decision": "deny"})


@turn
async def question(room: Room) -> Json:
    asks = tool_block("q", "ask_user", {"question": "Which year?", "options": ["2025", "2026"]})
    async with room.agent(reply(asks), reply(text="2026 it is.")) as agent:
        id = await agent.begin(await agent.server.conversation(title="T"))
        await agent.answer(await agent.asked(id), answer="2026")
        return await told(agent.server, id)


@turn
async def provider_error(room: Room) -> Json:
    async with room.agent(unauthorized()) as agent:
        return await simple(agent)


@turn
async def retrying(room: Room) -> Json:
    async with room.agent(overloaded(), overloaded(), reply(text_block("Here ", "I am."))) as agent:
        return await simple(agent)


@turn
async def cancelled(room: Room) -> Json:
    answer = reply(thinking_block("Hm."), text_block("Herons ", "stand ", "and wait."))
    async with room.agent(stalled(answer, after=len(answer.steps) - 4)) as agent:
        id = await agent.begin(await agent.server.conversation(title="T"))
        await until(agent, id, "response.output_text.delta")
        await agent.endpoint.until_stalled()
        await agent.server.post(f"/responses/{id}/cancel")
        return await told(agent.server, id)


@turn
async def cancelled_while_the_user_is_asked(room: Room) -> Json:
    asks = tool_block("q", "ask_user", {"question": "Which year?"})
    async with room.agent(reply(text_block("Well."), asks)) as agent:
        id = await agent.begin(await agent.server.conversation(title="T"))
        await agent.asked(id)
        await agent.server.post(f"/responses/{id}/cancel")
        return await told(agent.server, id)


@turn
async def interrupted(room: Room) -> Json:
    """The power goes while a call is being written."""
    answer = reply(
        text_block("Herons ", "wait."), tool_block("a", "remember", pieces=['{"content": ', '"x"}'])
    )
    async with room.agent(stalled(answer, after=len(answer.steps) - 3)) as agent:
        id = await agent.begin(await agent.server.conversation(title="T"))
        await until(agent, id, "response.tool_call.arguments.delta")
        await agent.endpoint.until_stalled()
        await asyncio.sleep(1)  # what has arrived is on the disk a moment later
        after = Room(room.path / "after", room.secrets)
        await asyncio.to_thread(
            shutil.copytree, room.data, after.data, ignore=shutil.ignore_patterns("*-shm", "*.lock")
        )
        await agent.server.post(f"/responses/{id}/cancel")
    async with after.agent() as agent:
        return await told(agent.server, id)


@turn
async def stopped_server(room: Room) -> Json:
    """The server ends while a tool runs."""
    code = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
    async with room.agent(reply(tool_block("a", "run_code", {"code": code}))) as agent:
        id = await agent.begin(await agent.server.conversation(title="T"))
        await until(agent, id, "response.tool_call.output.delta")
    async with room.agent() as agent:
        return await told(agent.server, id)


@turn
async def artifacts(room: Room) -> Json:
    def improved(body: Json) -> Reply:
        [id] = set(re.findall(r"art_[0-9a-z]+", str(body["messages"][-1]["content"])))
        edited = {"artifact_id": id, "title": "Herons and egrets"}
        return reply(tool_block("b", "update_artifact", edited))

    made = {"title": "Herons", "type": "doc", "markdown": "# Herons\n\nThey wait."}
    async with room.agent(
        reply(text_block("I write it."), tool_block("a", "create_artifact", made)), improved, DONE
    ) as agent:
        recorded = await simple(agent)
        assert len(
            of_type(await agent.server.events(recorded["response"]["id"]), "response.artifact.created")
        )
        return recorded


@turn
async def compaction(room: Room) -> Json:
    async with room.agent(tools=FEW) as agent:
        await limited(agent, context_tokens=8_000)
        agent.summary = summary_of
        agent.says(*(counted(looking(n), looking(n + 20)) for n in range(9)), counted(text="All seen."))
        recorded = await simple(agent)
        id = recorded["response"]["id"]
        assert of_type(await agent.server.events(id), "response.context.compacted")
        return recorded


# Runs of cells

CELLS["nothing"] = "x = 1"
CELLS["streams"] = (
    "import sys, time\nfor n in range(4):\n    print('out', n, flush=True)\n"
    "    print('err', n, file=sys.stderr, flush=True)\n    time.sleep(0.1)\n'the value'"
)
CELLS["many_pieces"] = (
    "import sys, time\nfor n in range(60):\n    sys.stdout.write('.' if n % 20 else '\\n')\n"
    "    sys.stdout.flush()\n    time.sleep(0.02)"
)
CELLS["progress_bar"] = (
    "import sys, time\nfor n in range(8):\n    bar = '█' * n + ' ' * (7 - n)\n"
    "    sys.stderr.write(f'\\r{n * 14:3}% |{bar}|')\n"
    "    sys.stderr.flush()\n    time.sleep(0.1)\nsys.stderr.write('\\n')\n"
    "for n in range(3):\n    sys.stdout.write('working 🐸🐸🐸' + '\\b' * 3 + str(n) + '\\r')\n"
    "    sys.stdout.flush()\n    time.sleep(0.1)\nprint('done')\n"
    "for n in range(3):\n    sys.stdout.write(f'\\r\\x1b[3{n}mcolour{n * 5}\\x1b[0m')\n"
    "    sys.stdout.flush()\n    time.sleep(0.1)"
)
CELLS["display"] = (
    "from IPython.display import display, HTML, Markdown\ndisplay(HTML('<b>bold</b>'))\n"
    "print('between')\ndisplay(Markdown('*soft*'))\ndisplay({'a': 1}, metadata={'note': 'x'})"
)
CELLS["update_display"] = (
    "from IPython.display import display, Markdown\nimport time\nfirst = display('0 %', display_id='bar')\n"
    "print('beside')\nfor n in (50, 100):\n    time.sleep(0.1)\n    first.update(Markdown(f'**{n} %**'))\n"
    "display('again', display_id='bar')\nfirst.update('both')"
)
CELLS["clear_output"] = (
    "from IPython.display import clear_output, display\nimport time\nprint('gone')\nclear_output()\n"
    "print('kept for a while')\nfor n in range(3):\n    time.sleep(0.1)\n    clear_output(wait=True)\n"
    "    display(n)\n    print('step', n)"
)
CELLS["error"] = "print('before')\ndef f(n):\n    return 1 / n\nf(0)"
CELLS["rich"] = (
    "from IPython.display import display, JSON, Latex, SVG\nimport pandas as pd\n"
    "display(JSON({'a': [1, None, {'b': True}]}))\ndisplay(Latex(r'$\\sqrt{2}$'))\n"
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>\'))\n'
    f"{PLOT}\npd.DataFrame({{'bird': ['heron', 'egret'], 'n': [2, 3]}})"
)


async def cell_run(pad: Pad, code: str) -> Json:
    path = f"/scratchpads/{pad.id}/cells/{await pad.cell(code)}"
    async with pad.server.stream("POST", f"{path}/run") as frames:
        events = [frame.data async for frame in frames]
    cell = await pad.server.get(path)
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"][cell["index"] + 1 :]
    output = cells[0] if cells and cells[0]["type"] == "output" else None
    return {"events": events, "cell": cell, "output_cell": output}


# What the server makes of text that goes back


def stream_texts() -> list[Json]:
    chance = random.Random(7)
    alphabet = ["\r", "\r", "\b", "\n", "a", "bc", "def ", "🐸", "é", "\x1b[31m", "█", "\r\n", "50%"]
    cases = []
    for _ in range(400):
        letters = alphabet if chance.random() < 0.5 else [one for one in alphabet if "\x1b" not in one]
        outputs, pieces, shown = Outputs(1_000_000), [], []
        for _ in range(chance.randrange(1, 9)):
            piece = "".join(chance.choices(letters, k=chance.randrange(1, 7)))
            outputs.take("stream", {"name": "stdout", "text": piece})
            pieces.append(piece)
            shown.append(outputs.all()[0].data)
        cases.append({"pieces": pieces, "shown": shown})
    return cases


def write(name: str, recorded: Json | list[Json], *places: Path) -> None:
    """One event a line, without the places of this machine."""
    text = _lines(recorded)
    for place in places:
        text = text.replace(str(place), "/somewhere")
    (FOLDER / f"{name}.json").write_text(text, "utf-8")
    print(f"{name}: {len(text):,} characters")


def _lines(value: Any) -> str:
    def line(one: Any) -> str:
        return json.dumps(one, ensure_ascii=False, separators=(",", ":"))

    if isinstance(value, list):
        return "[\n" + ",\n".join(map(line, value)) + "\n]\n"
    fields = [
        f"{line(name)}: {_lines(inner).rstrip() if isinstance(inner, list) else line(inner)}"
        for name, inner in value.items()
    ]
    return "{\n" + ",\n".join(fields) + "\n}\n"


async def main(*wanted: str) -> None:
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "COWORK_"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name, make in TURNS.items():
            if not wanted or name in wanted:
                room = Room(root / name)
                await asyncio.to_thread(room.path.mkdir)
                write(name, await make(room), room.path)
        runs = {f"cell_{name}": code for name, code in CELLS.items()}
        if not wanted or set(wanted) & set(runs):
            async with running_server(root / "cells") as server:
                await no_spare_kernel(server)
                pad = await new_pad(server)
                for name, code in runs.items():
                    if not wanted or name in wanted:
                        write(name, await cell_run(pad, code), root)
    if not wanted or "stream_texts" in wanted:
        write("stream_texts", stream_texts())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
