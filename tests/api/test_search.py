"""One search box over everything: what is found, in which order, page by page, and what is not found any
more."""

import asyncio
import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import at_rest, new_file, pdf, until_read, xlsx
from tests.fakes.index import assert_index_is_of_what_exists
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, fault, running_server

NOW = "2026-01-01T00:00:00.000Z"
UNKNOWN = "01jz0000000000000000000000"
KINDS = ["conversation", "item", "file", "artifact", "memory", "skill", "project"]


async def search(server: Server, q: str, **query: Any) -> Any:
    return await server.get("/search", params={"q": q, **{name: str(value) for name, value in query.items()}})


async def hits(server: Server, q: str, **query: Any) -> list[Any]:
    """All of them, which are on one page."""
    page = await search(server, q, limit=200, **query)
    assert (page["has_more"], page["next_cursor"]) == (False, None)
    return list(page["data"])


async def ids(server: Server, q: str, **query: Any) -> list[str]:
    return [hit["id"] for hit in await hits(server, q, **query)]


async def patch(server: Server, path: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", path, json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def delete(server: Server, path: str) -> None:
    answer = await server.call("DELETE", path)
    assert answer.status == 204, answer.body


async def memory(server: Server, content: str, project_id: str | None = None) -> str:
    body = {"content": content, "project_id": project_id}
    return str((await server.post("/memories", body))["id"])


async def report(server: Server, conversation_id: str, title: str, *paragraphs: str) -> Any:
    """A scratchpad that was saved as an artifact."""
    cells = [{"type": "markdown", "content": text} for text in paragraphs]
    body = {"conversation_id": conversation_id, "title": title, "cells": cells}
    pad = await server.post("/scratchpads", body)
    return await patch(server, f"/scratchpads/{pad['id']}", saved=True)


def marked(hit: Any) -> str:
    """The snippet, with what was found in brackets."""
    return "".join(f"[{part['text']}]" if part["is_match"] else part["text"] for part in hit["snippet"])


# What is found


async def test_one_box_finds_all_kinds_of_things(timed: Server, clock: FakeClock) -> None:
    await no_spare_kernel(timed)
    home = (await timed.post("/projects", {"name": "Zebra", "description": "All about the zebra"}))["id"]
    talk = await timed.conversation(title="Zebra talk", goal="Know more of the zebra", project_id=home)
    pad = await report(timed, talk, "Report", "Of each zebra")
    file = await new_file(timed, b"One\nof each zebra\n", name="notes.txt", project_id=home)
    note = await memory(timed, "The zebra is striped", home)
    skill = await timed.post(
        "/skills", {"name": "zebra", "description": "D", "instructions": "Call the zebra"}
    )
    await at_rest()
    clock.advance(1)
    await timed.say(talk, "A zebra, please")
    [item, answer] = (await timed.get(f"/conversations/{talk}/items"))["data"]
    found = {hit["kind"]: hit for hit in await hits(timed, "zebra") if hit["id"] != answer["id"]}
    none = {"place": None, "project_id": None, "conversation_id": None, "created_at": NOW}
    here = none | {"project_id": home}
    assert found == {
        "project": {"kind": "project", "id": home, "title": "Zebra", **here}
        | {"snippet": found["project"]["snippet"]},
        "conversation": {"kind": "conversation", "id": talk, "title": "Zebra talk", **here}
        | {"conversation_id": talk, "snippet": found["conversation"]["snippet"]},
        "artifact": {"kind": "artifact", "id": pad["artifact_id"], "title": "Report", **here}
        | {"place": found["artifact"]["place"], "snippet": found["artifact"]["snippet"]},
        "file": {"kind": "file", "id": file["id"], "title": "notes.txt", **here}
        | {"place": {"line": 2}, "snippet": found["file"]["snippet"]},
        "memory": {"kind": "memory", "id": note, "title": "", **here}
        | {"snippet": found["memory"]["snippet"]},
        "skill": {"kind": "skill", "id": skill["id"], "title": "zebra", **none}
        | {"snippet": found["skill"]["snippet"]},
        "item": {"kind": "item", "id": found["item"]["id"], "title": "Zebra talk", **here}
        | {"conversation_id": talk, "snippet": found["item"]["snippet"]}
        | {"created_at": "2026-01-01T00:00:01.000Z"},
    }
    assert found["item"]["id"] == item["id"]
    assert {kind: marked(hit) for kind, hit in found.items() if kind != "artifact"} == {
        "project": "All about the [zebra]",
        "conversation": "Know more of the [zebra]",
        "file": "One of each [zebra]",
        "memory": "The [zebra] is striped",
        "skill": "D Call the [zebra]",
        "item": "A [zebra], please",
    }
    assert "Of each [zebra]" in marked(found["artifact"])


async def test_a_hit_shows_around_what_was_found_and_tells_the_parts_apart(server: Server) -> None:
    await memory(server, f"{'before ' * 100}the Zebra, {'after ' * 100}")
    [hit] = await hits(server, "zebra")
    before, found, after = hit["snippet"]
    assert found == {"text": "Zebra", "is_match": True}
    assert before["text"].startswith("… before ")
    assert after["text"].endswith(" …")
    assert not before["is_match"]
    assert not after["is_match"]


async def test_what_is_found_in_a_file_has_its_exact_place(server: Server) -> None:
    lines = "\n".join(f"line {n} lion" if n == 700 else f"line {n}" for n in range(1, 2_001))
    rows = [(f"region {n}", "lion" if n == 41 else n) for n in range(1, 101)]
    made = {
        "text": await new_file(server, lines.encode(), name="a.txt"),
        "pdf": await new_file(server, pdf(*(f"Page {n}" for n in range(1, 8)), "A lion"), name="a.pdf"),
        "xlsx": await new_file(server, xlsx("Animals", *rows), name="a.xlsx"),
    }
    await at_rest()
    assert {hit["id"]: (hit["place"], marked(hit)[-6:]) for hit in await hits(server, '"lion"')} == {
        made["text"]["id"]: (
            {"line": 700},
            marked((await hits(server, '"lion"', file_id=made["text"]["id"]))[0])[-6:],
        ),
        made["pdf"]["id"]: ({"page": 8}, "[lion]"),
        made["xlsx"]["id"]: (
            {"sheet": "Animals", "row": 41},
            marked((await hits(server, '"lion"', file_id=made["xlsx"]["id"]))[0])[-6:],
        ),
    }


async def test_each_passage_of_a_file_is_a_hit_and_its_name_another(server: Server) -> None:
    made = await new_file(server, pdf("A lion", "Nothing", "Two lions"), name="lion.pdf")
    await until_read(server, made["id"])
    assert [(hit["id"], hit["place"]) for hit in await hits(server, "lion", order="newest")] == [
        (made["id"], {"page": 3}),
        (made["id"], {"page": 1}),
        (made["id"], None),
    ]


async def test_a_file_is_found_by_its_name_before_its_text_is_read(server: Server) -> None:
    made = await new_file(server, b"Hello", name="Q2-report (final).txt")
    [hit] = await hits(server, "q2 fin")
    assert (hit["id"], marked(hit)) == (made["id"], "[Q2]-report ([final]).txt")


QUERIES = [
    ("revenue", ["Revenue of 2024"]),
    ("REVENUE", ["Revenue of 2024"]),
    ("reve", ["Revenue of 2024"]),
    ("venue", []),
    ("reve 2024", []),
    ("revenue 20", ["Revenue of 2024"]),
    ("2024 revenue", ["Revenue of 2024"]),
    ('"revenue of"', ["Revenue of 2024"]),
    ('"of revenue"', []),
    ('"reven"', []),
    ("resume", ["Zoë's résumé"]),
    ("RESUME zoe", ["Zoë's résumé"]),
    ("zoë", ["Zoë's résumé"]),
    ("e\u0301", []),
    ("大阪", ["東京と大阪の間"]),
    ("京と", ["東京と大阪の間"]),
    ("間", ["東京と大阪の間"]),
    ("阪大", []),
    ("東京 間", ["東京と大阪の間"]),
    ("2", []),
    ("and", ["c++ and c#", "This AND that, or NOT; NEAR(x)"]),
    ("AND", ["c++ and c#", "This AND that, or NOT; NEAR(x)"]),
    ("AND OR NOT", ["This AND that, or NOT; NEAR(x)"]),
    ("that AND", ["This AND that, or NOT; NEAR(x)"]),
    ("NEAR(", ["This AND that, or NOT; NEAR(x)"]),
    ("NEAR(x, 2)", []),
    ("revenue*", ["Revenue of 2024"]),
    ("reve*", ["Revenue of 2024"]),
    ("*", []),
    ('"', []),
    ('""', []),
    ('"revenue', ["Revenue of 2024"]),
    ('rev"enue', []),
    ("-revenue", ["Revenue of 2024"]),
    ("revenue -2024", ["Revenue of 2024"]),
    ("content:revenue", []),
    ("title:", []),
    ("kmemory", []),
    ("scope:kmemory", []),
    ("^revenue", ["Revenue of 2024"]),
    ("revenue;--", ["Revenue of 2024"]),
    ("' OR 1=1 --", []),
    ("{} [] <> () / \\ | ~ ` $ % # @ !", []),
    ("c++", ["c++ and c#"]),
    ("c#", ["c++ and c#"]),
    ("\U0001f600", []),
    ("snake", ["snake_case"]),
    ("snake_case", ["snake_case"]),
    ("snake case", ["snake_case"]),
    ("nothing of it", []),
    ("x" * 500, []),
]
MEMORIES = [
    "Revenue of 2024",
    "Zoë's résumé",
    "東京と大阪の間",
    "This AND that, or NOT; NEAR(x)",
    "c++ and c#",
    "snake_case",
]


@pytest.mark.parametrize("order", ["relevance", "newest"])
async def test_a_query_is_words_and_never_a_fault(order: str, server: Server) -> None:
    made = {await memory(server, content): content for content in MEMORIES}
    found = {
        query: [made[hit["id"]] for hit in await hits(server, query, order=order)] for query, _ in QUERIES
    }
    assert found == dict(QUERIES)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("", "query.q"),
        ("q=", "query.q"),
        (f"q={'x' * 501}", "query.q"),
        ("q=x&limit=0", "query.limit"),
        ("q=x&limit=201", "query.limit"),
        ("q=x&kind=cell", "query.kind"),
        ("q=x&order=oldest", "query.order"),
        ("q=x&q=y", "query.q"),
    ],
)
async def test_a_search_that_cannot_be_is_told_why(query: str, param: str, server: Server) -> None:
    assert fault(await server.call("GET", f"/search?{query}")) == (422, "invalid_request", param)


def cursor_of(content: Any) -> str:
    packed = zlib.compress(json.dumps(content).encode())
    return base64.urlsafe_b64encode(packed).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!",
        "\0",
        "é",
        "AAAA",
        cursor_of([]),
        cursor_of([1]),
        cursor_of([1, 2]),
        cursor_of([1, [], 3]),
        cursor_of({"a": 1}),
        cursor_of(None),
        cursor_of([None, []]),
        cursor_of(["x", []]),
        cursor_of([1, ["x"]]),
        cursor_of([1, [2**70]]),
        cursor_of([2**62, 0]),
        cursor_of([1, False]),
        cursor_of([True, [False]]),
        cursor_of([2**70, []]),
        cursor_of([-1, None]),
        cursor_of([[1], []]),
        cursor_of([float("inf"), []]),
        cursor_of([1, [0] * 200_000]),
    ],
)
async def test_what_is_no_cursor_is_refused(cursor: str, server: Server) -> None:
    await memory(server, "x")
    answer = await server.call("GET", "/search", params={"q": "x", "cursor": cursor})
    assert fault(answer) == (422, "invalid_request", "query.cursor")


@pytest.mark.parametrize(
    "cursor",
    [cursor_of([5, [1, 5]]), cursor_of([0, None]), cursor_of([2**62, []])],
)
async def test_a_cursor_that_was_made_by_hand_is_a_page(cursor: str, server: Server) -> None:
    await memory(server, "x")
    answer = await server.call("GET", "/search", params={"q": "x", "cursor": cursor})
    assert answer.status == 200, answer.body


# Filters


async def zoo(server: Server) -> dict[str, str]:
    """Things of all kinds with the word `zebra`, in two projects and outside of them: their ids by name."""
    await no_spare_kernel(server)
    made: dict[str, str] = {}
    for name in ("a", "b"):
        made[f"{name}.project"] = home = (await server.post("/projects", {"name": f"zebra {name}"}))["id"]
        made[f"{name}.talk"] = talk = await server.conversation(title=f"zebra {name}", project_id=home)
        made[f"{name}.file"] = (await new_file(server, name=f"zebra {name}", project_id=home))["id"]
        made[f"{name}.both"] = (await new_file(server, name="zebra", project_id=home, conversation_id=talk))[
            "id"
        ]
        made[f"{name}.inner"] = (await new_file(server, name="zebra", conversation_id=talk))["id"]
        made[f"{name}.memory"] = await memory(server, f"zebra {name}", home)
        made[f"{name}.artifact"] = (await report(server, talk, f"zebra {name}"))["artifact_id"]
        response = await server.say(talk, f"zebra {name}")
        items = (await server.get(f"/conversations/{talk}/items"))["data"]
        made[f"{name}.item"] = next(i["id"] for i in items if i["response_id"] == response["id"])
    made["talk"] = await server.conversation(title="zebra")
    made["memory"] = await memory(server, "zebra")
    made["skill"] = (await server.post("/skills", {"name": "zebra", "description": "D"}))["id"]
    made["text"] = (await new_file(server, b"zebra", name="zebra.txt"))["id"]
    await at_rest()
    return made


async def test_filters_and_their_combinations_find_what_belongs_to_all_of_them(server: Server) -> None:
    made = await zoo(server)
    names = {id: name for name, id in made.items()}

    async def found(**filters: str) -> set[str]:
        """The names of what is found; the model may have spoken of a zebra too."""
        return {names[id] for id in await ids(server, '"zebra"', **filters) if id in names}

    of_a = {name for name in made if name.startswith("a.")}
    talk = {"conversation_id": made["a.talk"]}
    home = {"project_id": made["a.project"]}
    assert await found() == set(made)
    assert await found(**home) == of_a - {"a.inner"}
    assert await found(**talk) == {"a.talk", "a.item", "a.both", "a.inner"}
    assert await found(**home, **talk) == {"a.talk", "a.item", "a.both"}
    assert await found(file_id=made["text"]) == {"text"}
    assert await found(file_id=made["a.both"], **home, **talk) == {"a.both"}
    assert await found(file_id=made["a.file"], **talk) == set()
    assert await found(project_id=made["b.project"], **talk) == set()
    for kind in KINDS:
        of_kind = {name for name, id in made.items() if id.partition("_")[0] == PREFIXES[kind]}
        assert await found(kind=kind) == of_kind
        assert await found(kind=kind, **home) == of_kind & of_a - {"a.inner"}
        assert all(hit["kind"] == kind for hit in await hits(server, "zebra", kind=kind))
    assert await found(kind="file", order="newest", **talk) == {"a.both", "a.inner"}


PREFIXES = {
    "conversation": "conv",
    "item": "msg",
    "file": "file",
    "artifact": "art",
    "memory": "mem",
    "skill": "skill",
    "project": "proj",
}


@pytest.mark.parametrize("value", [f"proj_{UNKNOWN}", "", "x", "\0", '" OR zebra', "*", "é", "_", "x" * 200])
async def test_a_filter_by_what_does_not_exist_matches_nothing(value: str, server: Server) -> None:
    home = (await server.post("/projects", {"name": "zebra"}))["id"]
    await memory(server, "zebra", home)
    for name in ("project_id", "conversation_id", "file_id"):
        assert await hits(server, "zebra", **{name: value}) == [], name


async def test_a_filter_takes_ids_as_they_are_and_nothing_that_resembles_them(server: Server) -> None:
    home = (await server.post("/projects", {"name": "zebra"}))["id"]
    talk = await server.conversation(title="zebra", project_id=home)
    lookalikes = [home.replace("_", ""), home.upper(), f"{home}!", "kproject", "kconversation"]
    for value in (*lookalikes, talk):
        assert await hits(server, "zebra", project_id=value) == [], value
    assert await hits(server, "zebra", conversation_id=home) == []


# Order and pages


async def test_a_title_counts_more_than_a_text_and_few_words_more_than_many(server: Server) -> None:
    long = await memory(server, "zebra " + "and other animals of the plain " * 50)
    titled = (await server.post("/projects", {"name": "zebra", "description": "of the plain " * 50}))["id"]
    short = await memory(server, "zebra")
    assert await ids(server, "zebra") == [titled, short, long]
    assert await ids(server, "zebra", order="newest") == [short, titled, long]


async def walk(server: Server, q: str, **query: Any) -> list[Any]:
    """All hits, page by page."""
    seen: list[Any] = []
    page = await search(server, q, **query)
    while page["has_more"]:
        assert len(page["data"]) == query.get("limit", 20)
        seen += page["data"]
        page = await search(server, q, cursor=page["next_cursor"], **query)
    assert page["next_cursor"] is None
    return [*seen, *page["data"]]


@pytest.mark.parametrize("order", ["relevance", "newest"])
@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_pages_hold_each_hit_once_and_in_the_order_of_the_whole(
    order: str, limit: int, server: Server
) -> None:
    for n in range(30):
        await memory(server, f"zebra number {n}" + " and another zebra" * (n % 5))
    whole = await hits(server, "zebra", order=order)
    assert len({hit["id"] for hit in whole}) == 30
    assert await walk(server, "zebra", order=order, limit=limit) == whole


async def test_a_page_that_ends_with_the_last_hit_is_the_last(server: Server) -> None:
    for n in range(4):
        await memory(server, f"zebra {n}")
    assert len(await walk(server, "zebra", limit=2)) == 4
    assert (await search(server, "zebra", limit=4))["has_more"] is False


@pytest.mark.parametrize("order", ["relevance", "newest"])
async def test_pages_hold_each_hit_once_while_things_come_and_go(order: str, server: Server) -> None:
    chance = random.Random(5)

    async def new() -> str:
        text = " ".join(chance.choices(["zebra", "lion", "plain", "stripes"], k=chance.randint(1, 40)))
        return await memory(server, f"zebra lion {text}")

    there = {await new() for _ in range(60)}
    stays, seen = set(there), []
    page = await search(server, "zebra lion", order=order, limit=4)
    while True:
        seen += [hit["id"] for hit in page["data"]]
        if not page["has_more"]:
            break
        for _ in range(3):
            await new()
        gone = chance.choice(sorted(stays))
        stays.discard(gone)
        await delete(server, f"/memories/{gone}")
        page = await search(server, "zebra lion", order=order, limit=4, cursor=page["next_cursor"])
    assert len(seen) == len(set(seen))
    assert stays <= set(seen)


@pytest.mark.parametrize(("order", "count"), [("relevance", 1_000), ("relevance", 1_001), ("newest", 1_101)])
async def test_of_more_hits_than_are_ranked_the_newest_come_first(
    order: str, count: int, server: Server
) -> None:
    made = await new_file(
        server, pdf(*(f"zebra {'lion ' * (n % 7)}" for n in range(1, count + 1))), name="a.pdf"
    )
    await until_read(server, made["id"])
    seen = [hit["place"]["page"] for hit in await walk(server, '"zebra"', order=order, limit=200)]
    newest_first = list(range(count, 0, -1))
    is_ranked = order == "relevance" and count <= 1_000
    assert seen == (sorted(newest_first, key=lambda n: (n % 7, -n)) if is_ranked else newest_first)


async def test_each_page_can_be_of_another_size(server: Server) -> None:
    made = await new_file(server, pdf(*["zebra"] * 1_005), name="a.pdf")
    await until_read(server, made["id"])
    seen: list[int] = []
    page = await search(server, '"zebra"', limit=200)
    while page["has_more"]:
        seen += [hit["place"]["page"] for hit in page["data"]]
        limit = 200 if len(seen) < 800 else 199 if len(seen) < 999 else 1
        page = await search(server, '"zebra"', limit=limit, cursor=page["next_cursor"])
    seen += [hit["place"]["page"] for hit in page["data"]]
    assert seen == list(range(1_005, 0, -1))


# Changes


async def test_a_thing_is_found_under_its_new_name_only(server: Server) -> None:
    home = await server.post("/projects", {"name": "zebra", "description": "D"})
    talk = await server.conversation(title="zebra")
    skill = await server.post("/skills", {"name": "zebra", "description": "D"})
    for path, field in (
        (f"/projects/{home['id']}", "name"),
        (f"/conversations/{talk}", "title"),
        (f"/skills/{skill['id']}", "name"),
    ):
        id = path.rpartition("/")[2]
        assert id in await ids(server, "zebra")
        await patch(server, path, **{field: "lion"})
        assert id not in await ids(server, "zebra")
        assert id in await ids(server, "lion")
        await patch(server, path, **{field: "puma"})
        await patch(server, path, **{field: "zebra"})
        assert id in await ids(server, "zebra")
        assert await ids(server, "puma") == []
        await patch(server, path, **{field: "lynx"})
    assert await ids(server, "zebra") == []
    await patch(server, f"/conversations/{talk}", title=None)
    assert talk not in await ids(server, "lynx")


async def test_a_memory_is_found_by_what_it_says_now(server: Server) -> None:
    made = await memory(server, "The zebra is striped")
    assert await ids(server, "zebra") == [made]
    await patch(server, f"/memories/{made}", content="The lion is not")
    assert (await ids(server, "zebra"), await ids(server, "lion")) == ([], [made])


async def test_texts_beside_the_name_are_found_as_they_are_now(server: Server) -> None:
    home = (await server.post("/projects", {"name": "P", "description": "zebra"}))["id"]
    talk = await server.conversation(goal="zebra")
    skill = (await server.post("/skills", {"name": "s", "description": "D", "instructions": "zebra"}))["id"]
    assert set(await ids(server, "zebra")) == {home, talk, skill}
    await patch(server, f"/projects/{home}", description="lion")
    await patch(server, f"/conversations/{talk}", goal=None)
    await patch(server, f"/skills/{skill}", instructions="", description="lion")
    assert await ids(server, "zebra") == []
    assert set(await ids(server, "lion")) == {home, skill}


async def test_a_report_that_is_saved_again_is_found_by_its_new_text_only(server: Server) -> None:
    await no_spare_kernel(server)
    pad = await report(server, await server.conversation(), "Report", "Of the zebra")
    await at_rest()
    assert await ids(server, "zebra", kind="artifact") == [pad["artifact_id"]]
    cell = f"/scratchpads/{pad['id']}/cells/{pad['cells'][0]['id']}"
    await patch(server, cell, content="Of the lion")
    await patch(server, f"/scratchpads/{pad['id']}", saved=True, title="Puma")
    await at_rest()
    assert await ids(server, "zebra", kind="artifact") == []
    assert set(await ids(server, "lion", kind="artifact")) == {pad["artifact_id"]}
    assert set(await ids(server, "puma", kind="artifact")) == {pad["artifact_id"]}


async def test_a_title_that_the_server_makes_is_found(server: Server) -> None:
    talk = await server.conversation()
    await server.say(talk, "Where do zebras live?")
    assert {hit["kind"] for hit in await hits(server, "zebras")} >= {"conversation", "item"}


async def test_what_is_deleted_is_not_found_from_the_answer_on(server: Server) -> None:
    made = await zoo(server)
    await hits(server, "zebra")
    gone: set[str] = set()
    for name, path in (
        ("text", "/files"),
        ("memory", "/memories"),
        ("skill", "/skills"),
        ("a.artifact", "/artifacts"),
        ("a.inner", "/files"),
        ("talk", "/conversations"),
    ):
        await delete(server, f"{path}/{made[name]}")
        gone.add(name)
        left = await ids(server, '"zebra"')
        assert not {made[name] for name in gone} & set(left), name
    await delete(server, f"/conversations/{made['a.talk']}")
    gone |= {"a.talk", "a.item"}
    left = await ids(server, '"zebra"')
    assert {made[name] for name in made.keys() - gone} <= set(left)
    assert not {made[name] for name in gone} & set(left)
    await delete(server, f"/projects/{made['b.project']}")
    gone |= {name for name in made if name.startswith("b.")}
    assert set(await ids(server, '"zebra"')) == {made[name] for name in made.keys() - gone}
    await at_rest()
    assert set(await ids(server, '"zebra"')) == {made[name] for name in made.keys() - gone}


async def test_searches_while_things_are_deleted_find_what_is_there(server: Server) -> None:
    made = [await memory(server, f"zebra {n}") for n in range(200)]
    files = [(await new_file(server, name=f"zebra {n}"))["id"] for n in range(40)]
    stays = set(made[::4])

    async def look() -> None:
        for _ in range(25):
            assert stays <= set(await ids(server, "zebra", kind="memory"))

    async def remove() -> None:
        for id in files:
            await delete(server, f"/files/{id}")
        for id in made:
            if id not in stays:
                await delete(server, f"/memories/{id}")

    await asyncio.gather(look(), look(), remove())


# The index


async def test_nothing_is_left_in_the_index_when_everything_is_deleted(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await zoo(server)
        for path in ("/projects", "/conversations", "/files", "/memories", "/skills", "/artifacts"):
            for thing in (await server.get(path))["data"]:
                if not thing.get("is_general"):
                    await delete(server, f"{path}/{thing['id']}")
        await at_rest()
        [general] = (await server.get("/projects"))["data"]
        await server.get("/search?q=x")
        assert await assert_index_is_of_what_exists(tmp_path / "data") == {("project", general["id"])}


class Walk:
    """Does at random what changes the index."""

    WORDS = [
        "zebra",
        "lion",
        "Löwe",
        "東京",
        "大阪",
        "résumé",
        "c++",
        "a",
        "_",
        "AND",
        "ß",
        "И",
        "\U0001f600",
        "x\ty",
    ]

    def __init__(self, server: Server, seed: int) -> None:
        self.server, self.seed, self.chance = server, seed, random.Random(seed)
        self.made: dict[str, list[str]] = {}
        self.names = 0

    def words(self, most: int = 6) -> str:
        return "w " + " ".join(self.chance.choices(self.WORDS, k=self.chance.randint(0, most)))

    def some(self, kind: str) -> str | None:
        there = self.made.get(kind)
        return self.chance.choice(there) if there else None

    async def step(self) -> None:
        act = self.chance.choice(
            [self.create, self.create, self.create, self.create, self.edit, self.edit, self.remove, self.look]
        )
        await act()

    async def create(self) -> None:
        server, kind = self.server, self.chance.choice([*KINDS, "item", "file", "memory"])
        home = self.some("projects") if self.chance.random() < 0.5 else None
        talk = self.some("conversations")
        match kind:
            case "project":
                body = {"name": self.words(), "description": self.words()}
                self.note("projects", await server.post("/projects", body))
            case "conversation":
                fields = {"title": self.words(), "goal": self.words(), "project_id": home}
                fields = {name: value for name, value in fields.items() if self.chance.random() < 0.6}
                self.note("conversations", await server.post("/conversations", fields))
            case "item" if talk:
                await server.say(talk, self.words())
            case "file":
                text = self.words(400).encode() * self.chance.choice([0, 1, 10])
                name = self.words() + self.chance.choice([".txt", ".bin", ".html"])
                made = await new_file(
                    server,
                    text if self.chance.random() < 0.5 else b"\0" + text,
                    name=name.replace("\t", " "),
                    project_id=home,
                    conversation_id=talk if self.chance.random() < 0.5 else None,
                )
                self.note("files", made)
            case "memory":
                self.names += 1
                content = f"{self.words()} {self.names}"
                self.note(
                    "memories", await server.post("/memories", {"content": content, "project_id": home})
                )
            case "skill":
                self.names += 1
                skill = {
                    "name": f"s-{self.seed}-{self.names}",
                    "description": self.words(),
                    "instructions": self.words(),
                }
                self.note("skills", await server.post("/skills", skill))
            case "artifact" if talk:
                made = await report(server, talk, self.words(), self.words(200))
                self.note("pads", made)

    async def edit(self) -> None:
        kind = self.chance.choice(["projects", "conversations", "memories", "skills", "pads"])
        if (id := self.some(kind)) is None:
            return
        self.names += 1
        possible: dict[str, list[dict[str, Any]]] = {
            "projects": [{"name": self.words()}, {"description": self.words()}, {}],
            "conversations": [{"title": self.words()}, {"title": None}, {"goal": None}, {"goal": "w 東"}],
            "memories": [{"content": f"{self.words()} {self.names}"}, {}],
            "skills": [
                {"name": f"t-{self.seed}-{self.names}"},
                {"instructions": self.words()},
                {"tools": ["x"]},
            ],
            "pads": [{"title": self.words(), "saved": True}, {"title": self.words()}],
        }
        changes = self.chance.choice(possible[kind])
        path = "scratchpads" if kind == "pads" else kind
        answer = await self.server.call("PATCH", f"/{path}/{id}", json=changes)
        assert answer.status in (200, 404), answer.body

    async def remove(self) -> None:
        kind = self.chance.choice(
            ["projects", "conversations", "files", "files", "memories", "skills", "pads"]
        )
        if (id := self.some(kind)) is None:
            return
        self.made[kind].remove(id)
        path = "scratchpads" if kind == "pads" else kind
        answer = await self.server.call("DELETE", f"/{path}/{id}")
        assert answer.status in (204, 404), answer.body
        await self.forget()

    async def look(self) -> None:
        await search(self.server, self.words())

    def note(self, kind: str, thing: Any) -> None:
        self.made.setdefault(kind, []).append(thing["id"])

    async def forget(self) -> None:
        """What has gone with something else."""
        for kind in ("conversations", "files", "memories"):
            there = {thing["id"] for thing in (await self.server.get(f"/{kind}?limit=200"))["data"]}
            self.made[kind] = [id for id in self.made.get(kind, []) if id in there]


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 4))])
async def test_the_index_holds_just_the_words_of_what_exists(seed: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        walks = [Walk(server, seed), Walk(server, 100 + seed)]
        for _ in range(3):
            for _ in range(40):
                await asyncio.gather(*(walk.step() for walk in walks))
            await at_rest()
            await look_all_up(server)
            await assert_index_is_of_what_exists(data)
    async with running_server(data) as server:
        await at_rest()
        await look_all_up(server)
        await assert_index_is_of_what_exists(data)


async def look_all_up(server: Server) -> None:
    """Let a search bring in what waits to be."""
    await search(server, "nothing")
