"""Running code for the agent: what comes back, how it is stopped, what it may reach, when it is asked for."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent.tools import read_output, run_code
from cowork_desktop.agent.tools.tool import OUTPUT_LIMIT, Outcome, ToolFailed
from cowork_desktop.schemas.conversations import CellLink, ConversationPatch
from cowork_desktop.schemas.scratchpads import CellCreate, Scratchpad, ScratchpadCreate, ScratchpadQuery
from cowork_desktop.store import cells, conversations, scratchpads
from tests.fakes.clock import FakeClock
from tests.fakes.means import Desk, means

pytestmark = pytest.mark.slow

TOOL, READ = run_code.TOOL, read_output.TOOL


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with means(tmp_path) as desk:
        yield desk


@pytest.fixture
async def still(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    """On a clock that stands still."""
    async with means(tmp_path, clock=clock) as desk:
        yield desk


async def run(desk: Desk, code: str, *, fields: dict[str, Any] | None = None, **arguments: Any) -> Outcome:
    return await desk.call(TOOL, {"code": code, **arguments}, **(fields or {}))


async def pads(desk: Desk) -> list[Scratchpad]:
    """The conversation's, newest first."""
    query = ScratchpadQuery(conversation_id=desk.conversation_id)
    page = await desk.db.read(scratchpads.list_, query)
    return [Scratchpad.model_validate(one) for one in json.loads(page.json)["data"]]


def link(outcome: Outcome) -> CellLink:
    [found] = outcome.links
    assert isinstance(found, CellLink)
    return found


def body(outcome: Outcome) -> str:
    """What was put out, without the line that names the cell."""
    head, _, text = outcome.text.partition("\n")
    assert head.startswith("[cell ")
    return text


# What comes back


async def test_the_value_and_what_is_printed_come_back_with_a_link_to_the_cell(desk: Desk) -> None:
    outcome = await run(desk, "print('counted')\n6 * 7")
    [pad] = await pads(desk)
    cell, output = pad.cells
    assert (pad.title, cell.content, cell.status) == ("Scratchpad", "print('counted')\n6 * 7", "success")
    assert output.outputs is not None
    assert outcome == Outcome(
        f"[cell {cell.id}: done]\ncounted\n42",
        source="the output of the code",
        links=[CellLink(scratchpad_id=pad.id, cell_id=cell.id, run_id=str(cell.run_id))],
        images=[],
    )


async def test_variables_stay_for_the_next_call_in_the_same_scratchpad(desk: Desk) -> None:
    first = await run(desk, "x = 20")
    second = await run(desk, "x + 1")
    assert (first.text, first.source) == (f"[cell {link(first).cell_id}: it put out nothing]", None)
    assert body(second) == "21"
    assert link(first).scratchpad_id == link(second).scratchpad_id


async def test_calls_side_by_side_share_one_new_scratchpad(desk: Desk) -> None:
    outcomes = await asyncio.gather(*(run(desk, f"{n}") for n in range(3)))
    assert [body(outcome) for outcome in outcomes] == ["0", "1", "2"]
    assert len(await pads(desk)) == 1


async def test_a_new_scratchpad_is_named_after_the_conversation(desk: Desk) -> None:
    patch = ConversationPatch(title="Herons")
    await desk.db.write(conversations.patch, desk.conversation_id, desk.means.clock.now(), patch)
    await run(desk, "1")
    assert [pad.title for pad in await pads(desk)] == ["Herons"]


async def test_a_table_comes_as_text_and_sql_sees_it(desk: Desk) -> None:
    table = await run(desk, "import pandas as pd\nbirds = pd.DataFrame({'name': ['heron'], 'n': [3]})\nbirds")
    assert body(table).split() == ["name", "n", "0", "heron", "3"]
    found = await run(desk, "SELECT sum(n) AS total FROM birds", language="sql")
    assert body(found).split() == ["total", "0", "3.0"]


async def test_a_chart_is_shown_to_the_model(desk: Desk) -> None:
    outcome = await run(desk, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    [image] = outcome.images
    assert (image.media_type, image.data[:8]) == ("image/png", "iVBORw0K")
    assert body(outcome) == "[image/png: image 1 of this result; the user sees it too]"


async def test_no_more_than_three_images_are_shown(desk: Desk) -> None:
    code = (
        "import matplotlib.pyplot as plt\nfor _ in range(4):\n    plt.figure(); plt.plot([1])\n    plt.show()"
    )
    outcome = await run(desk, code)
    assert len(outcome.images) == 3
    assert body(outcome).endswith("[image/png: only 3 images of a cell are shown to you; the user sees it]")


async def test_an_error_comes_short_without_colours_and_places_of_the_machine(desk: Desk) -> None:
    (desk.work / "part.py").write_text("def divide(n):\n    return n / 0 / (n - 1)\n")
    code = "import sys\nsys.path.insert(0, '.')\nimport pandas as pd, part\npd.Series([1]).apply(part.divide)"
    outcome = await run(desk, code)
    text = body(outcome)
    assert outcome.is_error
    assert link(outcome).cell_id
    assert text.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "File part.py:2, in divide(" in text
    assert "\x1b" not in text
    assert str(desk.data) not in text
    assert "/site-packages/" not in text
    assert len(text) < 2_000


async def test_no_place_of_the_machine_is_told(desk: Desk) -> None:
    outcome = await run(desk, "from pathlib import Path\nprint(Path.cwd(), Path('a.csv').absolute())")
    assert body(outcome) == ". a.csv"


async def test_what_is_long_is_told_with_both_ends_and_read_on(desk: Desk) -> None:
    outcome = await run(desk, "for n in range(20_000):\n    print(n)")
    cell = link(outcome).cell_id
    assert len(outcome.text) <= OUTPUT_LIMIT
    assert body(outcome).startswith("0\n1\n2\n")
    assert outcome.text.endswith("19998\n19999")
    whole = "\n".join(map(str, range(20_000)))
    left_out = len(whole) - 19_000
    assert f"[... {left_out:,} characters left out;" in outcome.text
    assert f"read on with read_output, cell_id={cell}, offset=12000]" in outcome.text
    more = await desk.call(READ, {"cell_id": cell, "offset": 12_000})
    assert body_of_page(more) == whole[12_000:30_000]
    assert more.text.startswith(f"[characters 12,000-30,000 of {len(whole):,}; go on with offset=30000]\n")
    assert more.source == outcome.source


def body_of_page(outcome: Outcome) -> str:
    return outcome.text.partition("\n")[2]


async def test_output_is_told_as_it_comes(desk: Desk) -> None:
    told: list[str] = []
    has_come = asyncio.Event()

    def tell(text: str) -> None:
        told.append(text)
        has_come.set()

    waits = "while not Path('go').exists():\n    time.sleep(0.01)"
    code = f"from pathlib import Path\nimport time\nprint('first')\n{waits}\nprint('last')"
    running = asyncio.create_task(run(desk, code, fields={"tell": tell}))
    await has_come.wait()
    assert "".join(told) == "first\n"
    (desk.work / "go").touch()
    await running
    assert "".join(told) == "first\nlast\n"


async def test_a_cell_of_another_conversation_is_not_read(desk: Desk) -> None:
    outcome = await run(desk, "1")
    other = await desk.new_conversation()
    with pytest.raises(ToolFailed, match="There is no cell"):
        await desk.call(READ, {"cell_id": link(outcome).cell_id}, conversation_id=other)


async def test_there_is_nothing_beyond_the_end_of_an_output(desk: Desk) -> None:
    outcome = await run(desk, "1")
    with pytest.raises(ToolFailed, match="The output has 1 characters"):
        await desk.call(READ, {"cell_id": link(outcome).cell_id, "offset": 1})


# How it is stopped


async def test_code_that_takes_too_long_is_stopped_and_what_it_put_out_stays(desk: Desk) -> None:
    outcome = await run(desk, "import time\nprint('so far', flush=True)\ntime.sleep(600)", timeout_seconds=1)
    assert outcome.is_error
    assert "so far" in outcome.text
    [pad] = await pads(desk)
    assert pad.cells[0].error == "The cell ran longer than 1 s, and was stopped."
    assert body(await run(desk, "1 + 1")) == "2"


async def test_a_turn_that_is_cancelled_interrupts_its_code(desk: Desk) -> None:
    has_come = asyncio.Event()
    fields = {"tell": lambda text: has_come.set()}
    code = "import time\nprint('so far', flush=True)\ntime.sleep(600)"
    running = asyncio.create_task(run(desk, code, fields=fields))
    await has_come.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    [pad] = await pads(desk)
    cell, output = pad.cells
    assert (cell.status, cell.error) == ("error", "The turn ended while this ran, so it was stopped.")
    assert output.outputs is not None
    assert output.outputs[0].data == "so far\n", output.outputs
    assert body(await run(desk, "'goes on'")) == "'goes on'"


async def test_a_cancelled_turn_leaves_the_cell_of_somebody_else_alone(still: Desk) -> None:
    pad = await new_pad(still)
    release, other = await held_up(still, pad)
    running = await waiting(still, "print('never')")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    release.touch()
    await other.ended.wait()
    [found] = await pads(still)
    assert [(cell.status, cell.error) for cell in found.cells] == [("success", None)]


async def test_code_waits_for_the_cell_of_somebody_else(still: Desk) -> None:
    pad = await new_pad(still)
    release, _ = await held_up(still, pad)
    running = await waiting(still, "'after'")
    release.touch()
    outcome = await running
    assert (body(outcome), link(outcome).scratchpad_id) == ("'after'", pad)


async def test_what_the_cell_of_somebody_else_changes_meanwhile_is_not_of_the_turn(still: Desk) -> None:
    release, _ = await held_up(still, await new_pad(still), then="Path('mine.txt').write_text('mine')")
    running = await waiting(still, "open('made.txt', 'w').close()")
    release.touch()
    await running
    assert [noted.change.ref for noted in await still.changes()] == ["made.txt"]


async def test_a_scratchpad_that_stays_busy_is_told_in_words(still: Desk, clock: FakeClock) -> None:
    pad = await new_pad(still)
    release, other = await held_up(still, pad)
    running = await waiting(still, "1")
    clock.advance(120)
    with pytest.raises(ToolFailed, match="The scratchpad was busy with another cell for 120 s"):
        await running
    [found] = await pads(still)
    assert [cell.status for cell in found.cells] == ["running"]
    release.touch()
    await other.ended.wait()


async def new_pad(desk: Desk) -> str:
    """A scratchpad of the user's."""
    id = desk.means.ids.new("sp")
    made = ScratchpadCreate(conversation_id=desk.conversation_id, title="Mine")
    await desk.db.write(scratchpads.create, id, desk.means.clock.now(), made, [])
    return id


async def waiting(desk: Desk, code: str) -> "asyncio.Task[Outcome]":
    """A call that has got to where it waits for its turn; of a desk on a clock that stands still."""
    assert isinstance(desk.means.clock, FakeClock)
    running = asyncio.create_task(run(desk, code))
    while 120.0 not in desk.means.clock.slept:
        await asyncio.sleep(0.01)
    return running


async def held_up(desk: Desk, pad: str, then: str = "") -> tuple[Path, Any]:
    """A cell of the user's that runs until the file is there, and then does something, and its run."""
    code = "from pathlib import Path\nimport time\nwhile not Path('release').exists():\n    time.sleep(0.01)"
    code = f"{code}\n{then}"
    id = desk.means.ids.new("cell")
    await desk.db.write(cells.insert, pad, id, desk.means.clock.now(), CellCreate(type="code", content=code))
    started = await desk.means.cell_runs.start(pad, id)
    await started.asked.wait()
    return desk.work / "release", started


# What it may reach


async def test_code_is_kept_within_the_folder_and_says_how_it_gets_out(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "outside.txt"
    outcome = await run(desk, f"open({str(target)!r}, 'w')")
    assert outcome.is_error
    assert "Call run_code with outside: true, which asks the user." in outcome.text
    assert not target.exists()


async def test_code_that_was_allowed_to_may_reach_outside_and_the_next_may_not(
    desk: Desk, tmp_path: Path
) -> None:
    target = tmp_path / "outside.txt"
    code = f"with open({str(target)!r}, 'w') as file:\n    file.write('allowed')"
    assert not (await run(desk, code, outside=True)).is_error
    assert target.read_text() == "allowed"
    assert (await run(desk, code.replace("allowed", "again"))).is_error
    assert target.read_text() == "allowed"


async def test_what_would_reach_outside_is_asked_for_with_its_first_lines(desk: Desk) -> None:
    code = "import requests\n\nrequests.get(\n    'https://example.com')\n"
    asked = await desk.demand(TOOL, {"code": code, "outside": True})
    assert (asked.effect, asked.subject) == ("outside", "")
    assert asked.summary == (
        "Run Python code that may reach beyond the project's folder:"
        " import requests ⏎ requests.get( ⏎ 'https://example.com')"
    )


@pytest.mark.parametrize(
    ("code", "is_tainted", "effect"),
    [
        ("import os", False, "project"),
        ("import os", True, "outside"),
        ("import pandas", True, "project"),
        ("def f(:", True, "project"),
    ],
)
async def test_code_beyond_work_with_data_is_asked_for_once_the_turn_has_read_words_of_others(
    desk: Desk, code: str, is_tainted: bool, effect: str
) -> None:
    assert (await desk.demand(TOOL, {"code": code}, is_tainted=is_tainted)).effect == effect


async def test_the_user_is_told_why_code_is_asked_for(desk: Desk) -> None:
    asked = await desk.demand(TOOL, {"code": "import os, subprocess"}, is_tainted=True)
    assert asked.summary == (
        "Run Python code in the project's folder that uses os and subprocess: import os, subprocess"
    )


async def test_sql_stays_within_the_folder_and_so_is_not_asked_for(desk: Desk) -> None:
    asked = await desk.demand(TOOL, {"code": "SELECT 1", "language": "sql"}, is_tainted=True)
    assert asked.effect == "project"


async def test_packages_that_work_past_the_guard_are_refused_within_the_folder(desk: Desk) -> None:
    with pytest.raises(ToolFailed, match="duckdb cannot be kept within the project's folder"):
        await desk.demand(TOOL, {"code": "import duckdb"})
    asked = await desk.demand(TOOL, {"code": "import duckdb", "outside": True})
    assert asked.effect == "outside"
