"""Cells, operation by operation: what needs no kernel."""

import itertools
import random
import re
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.server import Answer, Server, fault

UNKNOWN = "cell_01jz0000000000000000000000"
NEVER_RUN = {
    "run_id": None,
    "execution_count": None,
    "queued_at": None,
    "started_at": None,
    "finished_at": None,
}
OUTPUT = {"mime": "text/plain", "data": "42"}


pytestmark = pytest.mark.no_spare_kernel


class Drawn:
    """A scratchpad as a word: a code cell is a capital letter, its output cell a dot behind it, prose a small
    letter; the letter is the cell's content."""

    def __init__(self, server: Server, path: str, ids: dict[str, str]) -> None:
        self.server, self.path, self.ids = server, path, ids

    async def now(self) -> str:
        """The word; the order that every answer gives must be dense from 0."""
        cells = (await self.server.get(self.path))["cells"]
        assert [cell["index"] for cell in cells] == list(range(len(cells)))
        return "".join("." if cell["type"] == "output" else cell["content"] for cell in cells)

    async def call(self, method: str, name: str, **fields: Any) -> Answer:
        options = {"json": fields} if method == "PATCH" else {}
        return await self.server.call(method, f"{self.path}/cells/{self.ids[name]}", **options)

    async def move(self, name: str, index: int) -> str:
        answer = await self.call("PATCH", name, index=index)
        assert answer.status == 200, answer.body
        word = await self.now()
        assert answer.json()["index"] == word.index(name)
        return word

    async def insert(self, name: str, index: int | None) -> str:
        body = {**body_of(name), **({} if index is None else {"index": index})}
        made = await self.server.post(f"{self.path}/cells", body)
        word = await self.now()
        assert made["index"] == word.index(name)
        return word


def body_of(name: str) -> dict[str, Any]:
    if name == ".":
        return {"type": "output", "outputs": [OUTPUT]}
    return {"type": "code" if name.isupper() else "markdown", "content": name}


async def draw(server: Server, word: str) -> Drawn:
    body = {"conversation_id": await server.conversation(), "cells": [body_of(name) for name in word]}
    made = await server.post("/scratchpads", body)
    ids = {
        name if name != "." else f"{word[n - 1]}.": cell["id"]
        for n, (name, cell) in enumerate(zip(word, made["cells"], strict=True))
    }
    return Drawn(server, f"/scratchpads/{made['id']}", ids)


async def test_a_code_cell_is_python_that_has_not_run(server: Server) -> None:
    pad = await draw(server, "")
    answer = await server.call("POST", f"{pad.path}/cells", json={"type": "code", "content": "df.head()"})
    made = answer.json()
    assert answer.status == 201
    assert made == {
        "id": made["id"],
        "type": "code",
        "content": "df.head()",
        "language": "python",
        "status": "pending",
        "error": None,
        "index": 0,
        **NEVER_RUN,
    }
    assert re.fullmatch(r"cell_[0-9a-z]{26}", made["id"])
    assert await server.get(f"{pad.path}/cells/{made['id']}") == made
    assert (await server.get(pad.path))["cells"] == [made]


async def test_prose_has_neither_language_nor_outputs_nor_runs(server: Server) -> None:
    pad = await draw(server, "")
    made = await server.post(f"{pad.path}/cells", {"type": "markdown", "content": "# Title"})
    assert made == {
        "id": made["id"],
        "type": "markdown",
        "content": "# Title",
        "status": "success",
        "error": None,
        "index": 0,
    }
    assert await server.get(f"{pad.path}/cells/{made['id']}") == made


async def test_an_output_cell_has_the_outputs_that_it_was_given(server: Server) -> None:
    pad = await draw(server, "A")
    outputs = [
        OUTPUT,
        {"mime": "image/png", "data": "data:image/png;base64,iVBORw0=", "alternatives": {"text/plain": "x"}},
        {"mime": "application/json", "data": {"a": [1, None]}, "kind": "result", "execution_count": 2},
    ]
    made = await server.post(f"{pad.path}/cells", {"type": "output", "outputs": outputs})
    assert made == {
        "id": made["id"],
        "type": "output",
        "content": "",
        "status": "success",
        "outputs": outputs,
        "error": None,
        "index": 1,
    }
    assert await server.get(f"{pad.path}/cells/{made['id']}") == made


async def test_null_in_a_new_cell_means_absent(server: Server) -> None:
    pad = await draw(server, "")
    body = {"type": "code", "language": None, "outputs": None, "index": None}
    made = await server.post(f"{pad.path}/cells", body)
    assert (made["content"], made["language"]) == ("", "python")


@pytest.mark.parametrize("language", ["sql", "r", "c++", "objective-c", "f#", "x" * 40])
async def test_code_can_be_in_any_language(language: str, server: Server) -> None:
    pad = await draw(server, "")
    made = await server.post(f"{pad.path}/cells", {"type": "code", "language": language})
    assert made["language"] == language


async def test_a_source_has_up_to_a_million_characters(server: Server) -> None:
    pad = await draw(server, "A")
    for method, path in (("POST", "/cells"), ("PATCH", f"/cells/{pad.ids['A']}")):
        body = {"type": "code", "content": "x" * 1_000_000}
        assert (await server.call(method, pad.path + path, json=body)).status in (200, 201)
        body["content"] += "x"
        answer = await server.call(method, pad.path + path, json=body)
        assert fault(answer) == (422, "invalid_request", "body.content")


@pytest.mark.parametrize(
    ("word", "index", "expected"),
    [
        ("", None, "N"),
        ("", 0, "N"),
        ("", 7, "N"),
        ("ab", None, "abN"),
        ("ab", 0, "Nab"),
        ("ab", 1, "aNb"),
        ("ab", 2, "abN"),
        ("ab", 999_999, "abN"),
        ("A.b", 0, "NA.b"),
        ("A.b", 1, "A.Nb"),
        ("A.b", 2, "A.Nb"),
        ("A.", 1, "A.N"),
        ("A.B.", 3, "A.B.N"),
    ],
)
async def test_a_cell_is_inserted_at_its_index_but_never_before_an_output(
    word: str, index: int | None, expected: str, server: Server
) -> None:
    assert await (await draw(server, word)).insert("N", index) == expected


@pytest.mark.parametrize(
    ("word", "index", "expected"),
    [("A", None, "A."), ("aA", 2, "aA."), ("AB", 1, "A.B"), ("AB", 9, "AB."), ("ABa", 2, "AB.a")],
)
async def test_an_output_cell_follows_a_code_cell(
    word: str, index: int | None, expected: str, server: Server
) -> None:
    pad = await draw(server, word)
    await server.post(f"{pad.path}/cells", {**body_of("."), **({} if index is None else {"index": index})})
    assert await pad.now() == expected


@pytest.mark.parametrize(
    ("word", "index"),
    [
        ("", None),
        ("a", None),
        ("A.", None),
        ("Aa", None),
        ("A", 0),
        ("A.", 1),
        ("A.b", 1),
        ("A.b", 2),
        ("aA", 1),
    ],
)
async def test_an_output_cell_can_be_nowhere_else(word: str, index: int | None, server: Server) -> None:
    pad = await draw(server, word)
    body = {**body_of("."), **({} if index is None else {"index": index})}
    answer = await server.call("POST", f"{pad.path}/cells", json=body)
    assert fault(answer) == (422, "invalid_request", "body.type")
    assert await pad.now() == word


@pytest.mark.parametrize(
    ("word", "name", "index", "expected"),
    [
        ("abc", "a", 0, "abc"),
        ("abc", "a", 1, "bac"),
        ("abc", "a", 2, "bca"),
        ("abc", "a", 99, "bca"),
        ("abc", "c", 0, "cab"),
        ("abc", "b", 1, "abc"),
        ("A.bc", "A", 0, "A.bc"),
        ("A.bc", "A", 1, "bA.c"),
        ("A.bc", "A", 2, "bcA."),
        ("A.bc", "A", 99, "bcA."),
        ("A.bc", "c", 0, "cA.b"),
        ("A.bc", "c", 1, "A.cb"),
        ("A.bc", "c", 2, "A.cb"),
        ("A.B.", "B", 0, "B.A."),
        ("A.B.", "A", 1, "B.A."),
        ("AB.", "A", 1, "B.A"),
        ("aA.", "a", 1, "A.a"),
    ],
)
async def test_a_cell_moves_with_its_output_and_never_between_others(
    word: str, name: str, index: int, expected: str, server: Server
) -> None:
    assert await (await draw(server, word)).move(name, index) == expected


async def test_a_cell_that_is_put_behind_the_next_with_its_output_stands_behind_it(server: Server) -> None:
    pad = await draw(server, "A.B.C.")
    cells = (await server.get(pad.path))["cells"]
    last = len(cells) - 1
    assert await pad.move("A", last) == "B.C.A."


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [("abc", "b", "ac"), ("A.b", "A", "b"), ("A.b", "A.", "Ab"), ("aA.B", "a", "A.B"), ("A", "A", "")],
)
async def test_a_deleted_cell_takes_its_output_and_leaves_no_gap(
    word: str, name: str, expected: str, server: Server
) -> None:
    pad = await draw(server, word)
    answer = await pad.call("DELETE", name)
    assert (answer.status, answer.body) == (204, b"")
    assert await pad.now() == expected
    assert fault(await pad.call("DELETE", name))[:2] == (404, "not_found")
    assert fault(await pad.call("GET", name))[:2] == (404, "not_found")


async def test_the_order_is_dense_and_outputs_are_in_place_after_any_changes(server: Server) -> None:
    chosen = random.Random(7)
    pad = await draw(server, "A.bC.d")
    names = itertools.chain("EfGhIjKlMnOpQrStUvWxYz")
    for _ in range(60):
        there = [name for name in await pad.now() if name != "."]
        step = chosen.choice(["insert", "move", "move", "delete"])
        if step == "insert" and (name := next(names, None)):
            body = {**body_of(name), "index": chosen.randrange(9)}
            pad.ids[name] = (await server.post(f"{pad.path}/cells", body))["id"]
        elif step == "delete" and len(there) > 4:
            await pad.call("DELETE", chosen.choice(there))
        else:
            await pad.move(chosen.choice(there), chosen.randrange(9))
        word = await pad.now()
        assert re.fullmatch(r"([a-z]|[A-Z]\.?)*", word), word
    assert word.count(".") <= 2


async def test_a_patch_gives_the_whole_cell_and_moves_the_time_of_change(
    timed: Server, clock: FakeClock
) -> None:
    pad = await draw(timed, "A")
    [made] = (await timed.get(pad.path))["cells"]
    clock.advance(1)
    answer = await pad.call("PATCH", "A", content="2 + 2", language="sql")
    assert answer.json() == {**made, "content": "2 + 2", "language": "sql"}
    assert (await timed.get(pad.path))["updated_at"] == "2026-01-01T00:00:01.000Z"
    clock.advance(1)
    assert (await pad.call("PATCH", "A")).json() == answer.json()
    assert (await timed.get(pad.path))["updated_at"] == "2026-01-01T00:00:01.000Z"


async def test_every_change_of_cells_is_one_of_their_scratchpad(timed: Server, clock: FakeClock) -> None:
    pad = await draw(timed, "Ab")
    for second in range(1, 5):
        clock.advance(1)
        match second:
            case 1:
                await pad.insert("N", 0)
            case 2:
                await pad.move("A", 0)
            case 3:
                await pad.call("PATCH", "b", content="Edited")
            case 4:
                await pad.call("DELETE", "b")
        assert (await timed.get(pad.path))["updated_at"] == f"2026-01-01T00:00:0{second}.000Z"
    clock.advance(1)
    await pad.call("GET", "A")
    assert (await timed.get(pad.path))["updated_at"] == "2026-01-01T00:00:04.000Z"


async def test_editing_code_leaves_its_output_where_it_is(server: Server) -> None:
    pad = await draw(server, "A.")
    await pad.call("PATCH", "A", content="B")
    assert await pad.now() == "B."


async def test_code_that_becomes_prose_loses_its_output_and_language(server: Server) -> None:
    pad = await draw(server, "A.b")
    made = (await pad.call("PATCH", "A", type="markdown")).json()
    assert made == {
        "id": pad.ids["A"],
        "type": "markdown",
        "content": "A",
        "status": "success",
        "error": None,
        "index": 0,
    }
    assert await pad.now() == "Ab"
    assert fault(await pad.call("GET", "A."))[:2] == (404, "not_found")


async def test_prose_that_becomes_code_has_not_run(server: Server) -> None:
    pad = await draw(server, "ab")
    made = (await pad.call("PATCH", "a", type="code")).json()
    assert made == {
        "id": pad.ids["a"],
        "type": "code",
        "content": "a",
        "language": "python",
        "status": "pending",
        "error": None,
        "index": 0,
        **NEVER_RUN,
    }
    made = (await pad.call("PATCH", "b", type="code", language="sql", content="SELECT 1", index=0)).json()
    assert (made["language"], made["content"], made["index"]) == ("sql", "SELECT 1", 0)


async def test_the_type_that_a_cell_has_changes_nothing(server: Server) -> None:
    pad = await draw(server, "A.b")
    before = (await server.get(pad.path))["cells"]
    await pad.call("PATCH", "A", type="code")
    await pad.call("PATCH", "b", type="markdown")
    assert (await server.get(pad.path))["cells"] == before


@pytest.mark.parametrize(
    ("name", "fields", "param"),
    [
        ("b", {"language": "python"}, "body.language"),
        ("A", {"type": "markdown", "language": "python"}, "body.language"),
        ("A.", {"content": "x"}, "body"),
        ("A.", {"index": 0}, "body"),
        ("A.", {"type": "code"}, "body"),
        ("A", {"outputs": []}, "body.outputs"),
        ("A", {"status": "success"}, "body.status"),
    ],
)
async def test_what_a_cell_of_its_type_cannot_be_is_refused(
    name: str, fields: dict[str, Any], param: str, server: Server
) -> None:
    pad = await draw(server, "A.b")
    before = await server.get(pad.path)
    assert fault(await pad.call("PATCH", name, **fields)) == (422, "invalid_request", param)
    assert await server.get(pad.path) == before


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"type": "markdown", "language": "python"}, "body.language"),
        ({"type": "output", "language": "python"}, "body.language"),
        ({"type": "code", "outputs": [OUTPUT]}, "body.outputs"),
        ({"type": "markdown", "outputs": []}, "body.outputs"),
        ({"type": "output", "outputs": [{**OUTPUT, "color": "red"}]}, "body.outputs.0.color"),
        ({"type": "output", "outputs": [{**OUTPUT, "kind": "poem"}]}, "body.outputs.0.kind"),
        ({"type": "output", "outputs": [{**OUTPUT, "mime": 1}]}, "body.outputs.0.mime"),
        ({"type": "output", "outputs": {}}, "body.outputs"),
    ],
)
async def test_what_a_new_cell_of_its_type_cannot_have_is_refused(
    body: dict[str, Any], param: str, server: Server
) -> None:
    pad = await draw(server, "A")
    answer = await server.call("POST", f"{pad.path}/cells", json=body)
    assert fault(answer) == (422, "invalid_request", param)
    assert await pad.now() == "A"


@pytest.mark.parametrize("text", ["\0", "a\0b"])
async def test_an_output_with_a_nul_is_stored_or_refused_but_never_breaks_the_scratchpad(
    text: str, server: Server
) -> None:
    pad = await draw(server, "A")
    body = {"type": "output", "outputs": [{"mime": "text/plain", "data": text}]}
    answer = await server.call("POST", f"{pad.path}/cells", json=body)
    if answer.status == 201:
        assert (await server.get(pad.path))["cells"][1]["outputs"][0]["data"] == text
    else:
        assert fault(answer)[:2] == (422, "invalid_request")


async def test_only_code_of_a_known_language_is_run(server: Server) -> None:
    pad = await draw(server, "A.b")
    r = (await server.post(f"{pad.path}/cells", {"type": "code", "language": "r"}))["id"]
    before = await server.get(pad.path)
    for id in (pad.ids["A."], pad.ids["b"], r):
        answer = await server.call("POST", f"{pad.path}/cells/{id}/run")
        assert fault(answer) == (422, "not_executable", None)
    assert await server.get(pad.path) == before
    assert (await server.get(f"{pad.path}/kernel"))["state"] == "none"


async def test_running_all_cells_of_a_scratchpad_without_code_does_nothing(server: Server) -> None:
    pad = await draw(server, "ab")
    answer = await server.call("POST", f"{pad.path}/run-all")
    assert (answer.status, answer.json()) == (200, {"state": "none", "running": [], "idle_since": None})


@pytest.mark.parametrize("seconds", ["0", "-1", "86401", "1.5", "x", "", "1e3"])
async def test_a_timeout_is_a_number_of_seconds(seconds: str, server: Server) -> None:
    pad = await draw(server, "A")
    path = f"{pad.path}/cells/{pad.ids['A']}/run"
    answer = await server.call("POST", path, params={"timeout_s": seconds})
    assert fault(answer) == (422, "invalid_request", "query.timeout_s")
    answer = await server.call("POST", path, params={"stream": "perhaps"})
    assert fault(answer) == (422, "invalid_request", "query.stream")


async def test_a_cell_that_has_not_run_has_nothing_to_follow(server: Server) -> None:
    pad = await draw(server, "A.b")
    for name in pad.ids:
        answer = await server.call("GET", f"{pad.path}/cells/{pad.ids[name]}/events")
        assert fault(answer) == (404, "not_found", None)


@pytest.mark.parametrize("id", [UNKNOWN, "x", "%00", "%ED%A0%80", "..%2f.."])
async def test_an_id_that_no_cell_has_is_not_found(id: str, server: Server) -> None:
    pad = await draw(server, "A")
    cell = f"{pad.path}/cells/{id}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", cell, None),
        ("PATCH", cell, {}),
        ("PATCH", cell, {"content": "x"}),
        ("DELETE", cell, None),
        ("POST", f"{cell}/run", None),
        ("GET", f"{cell}/events", None),
    ]
    for method, path, body in requests:
        answer = await server.call(method, path, **({} if body is None else {"json": body}))
        assert fault(answer) == (404, "not_found", None), (method, path)
    assert await pad.now() == "A"


async def test_a_cell_is_of_its_own_scratchpad_alone(server: Server) -> None:
    mine, other = await draw(server, "A"), await draw(server, "B")
    foreign = f"{mine.path}/cells/{other.ids['B']}"
    for method, path in (("GET", foreign), ("DELETE", foreign), ("POST", f"{foreign}/run")):
        assert fault(await server.call(method, path))[:2] == (404, "not_found")
    answer = await server.call("PATCH", foreign, json={"content": "x"})
    assert fault(answer)[:2] == (404, "not_found")
    assert await other.now() == "B"
