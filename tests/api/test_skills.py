"""Skills, operation by operation."""

import asyncio
import io
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cowork_desktop.workspace.skill_files import LARGEST_FILE
from tests.fakes.clock import FakeClock
from tests.fakes.server import Answer, Server, running_server

NOW = "2026-01-01T00:00:00.000Z"
FILE = b"""---
name: weekly-report
description: "Reports: weekly"
license: MIT
metadata:
  author: somebody
allowed-tools: sql_query, Bash(git log:*)
---

# Report

Begin with a summary.
"""


async def make(server: Server, name: str = "s", **fields: Any) -> Any:
    return await server.post("/skills", {"name": name, "description": "D", **fields})


async def patch(server: Server, id: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/skills/{id}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def upload(server: Server, content: bytes = FILE, name: str = "SKILL.md") -> Answer:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(content), filename=name)
    return await server.call("POST", "/skills/import", data=form)


async def exported(server: Server, id: str) -> bytes:
    answer = await server.call("GET", f"/skills/{id}/export")
    assert answer.status == 200, answer.body
    return answer.body


def param_of(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["error"]["param"]


async def test_a_skill_needs_a_name_and_a_description_alone(timed: Server) -> None:
    answer = await timed.call("POST", "/skills", json={"name": "weekly-report", "description": "Reports."})
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "name": "weekly-report",
        "description": "Reports.",
        "instructions": "",
        "tools": [],
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert re.fullmatch(r"skill_[0-9a-z]{26}", made["id"])
    assert await timed.get(f"/skills/{made['id']}") == made


async def test_a_skill_takes_instructions_and_tools(timed: Server) -> None:
    body = {
        "name": "weekly-report",
        "description": "Generates a weekly report.",
        "instructions": "Always start with a summary.\n\nUse \U0001f4c8.\n",
        "tools": ["sql_query", "send_email", "Bash(git log:*)", "mcp__server__tool", "*"],
    }
    made = await timed.post("/skills", body)
    assert made == {**body, "id": made["id"], "created_at": NOW, "updated_at": NOW}
    assert await timed.get(f"/skills/{made['id']}") == made
    assert (await timed.get("/skills"))["data"] == [made]


@pytest.mark.parametrize("name", ["a", "7", "a-b", "weekly-report-2", "x" * 64, "0-0"])
async def test_a_name_is_kebab_case_of_1_to_64_characters(name: str, server: Server) -> None:
    made = await make(server, name)
    assert made["name"] == name
    assert (await patch(server, made["id"], name=f"{name[:-1]}z"))["name"] == f"{name[:-1]}z"


@pytest.mark.parametrize(
    "name",
    ["", " ", "A", "weekly report", "weekly_report", "-a", "a-", "a--b", "a\n", " a", "é", "a.b", "x" * 65],
)
async def test_another_name_is_invalid(name: str, server: Server) -> None:
    made = await make(server)
    assert param_of(await server.call("POST", "/skills", json={"name": name, "description": "D"})) == (
        422,
        "body.name",
    )
    assert param_of(await server.call("PATCH", f"/skills/{made['id']}", json={"name": name})) == (
        422,
        "body.name",
    )
    assert (await server.get("/skills"))["data"] == [made]


async def test_a_description_of_1_to_1024_characters_is_trimmed_before_it_is_counted(server: Server) -> None:
    made = await make(server, description=f" \n{'x' * 1024}\u3000 ")
    assert made["description"] == "x" * 1024
    assert (await patch(server, made["id"], description=" \U0001f600 "))["description"] == "\U0001f600"
    for text in ("", " ", "\n\t", "x" * 1025):
        body = {"name": "other", "description": text}
        assert param_of(await server.call("POST", "/skills", json=body)) == (422, "body.description")
        answer = await server.call("PATCH", f"/skills/{made['id']}", json={"description": text})
        assert param_of(answer) == (422, "body.description")


async def test_instructions_have_up_to_200_000_characters(server: Server) -> None:
    made = await make(server, instructions="x" * 200_000)
    assert made["instructions"] == "x" * 200_000
    for text in ("", " \n", "  two\r\n\n lines \n"):
        assert (await patch(server, made["id"], instructions=text))["instructions"] == text
    body = {"name": "other", "description": "D", "instructions": "x" * 200_001}
    assert param_of(await server.call("POST", "/skills", json=body)) == (422, "body.instructions")


async def test_tools_are_up_to_200_different_names_of_1_to_200_characters(server: Server) -> None:
    tools = [f"{n}{'x' * (200 - len(str(n)))}" for n in range(200)]
    assert (await make(server, tools=tools))["tools"] == tools
    for refused, param in (
        ([*tools, "one more"], "body.tools"),
        (["a", "b", "a"], "body.tools"),
        (["a", ""], "body.tools.1"),
        ([" \t"], "body.tools.0"),
        (["\u3000"], "body.tools.0"),
        (["a\0"], "body.tools.0"),
        (["a\nb"], "body.tools.0"),
        (["x" * 201], "body.tools.0"),
    ):
        body = {"name": "other", "description": "D", "tools": refused}
        assert param_of(await server.call("POST", "/skills", json=body)) == (422, param)


async def test_a_name_that_is_taken_is_a_conflict_that_names_who_has_it(server: Server) -> None:
    first, second = await make(server, "first"), await make(server, "second")
    for method, path, body in (
        ("POST", "/skills", {"name": "first", "description": "D"}),
        ("PATCH", f"/skills/{second['id']}", {"name": "first", "description": "Changed"}),
    ):
        answer = await server.call(method, path, json=body)
        told = answer.json()["error"]
        assert (answer.status, told["type"]) == (409, "conflict")
        assert told["details"] == [{"skill_id": first["id"]}]
        assert "'first'" in told["message"]
    assert (await server.get("/skills"))["data"] == [second, first]


async def test_of_two_skills_made_at_once_under_one_name_one_is_made(server: Server) -> None:
    body = {"name": "same", "description": "D"}
    answers = await asyncio.gather(*(server.call("POST", "/skills", json=body) for _ in range(2)))
    assert sorted(answer.status for answer in answers) == [201, 409]
    assert (await server.get("/skills"))["total"] == 1


async def test_a_name_is_free_again_when_its_skill_is_deleted_or_renamed(server: Server) -> None:
    first = await make(server, "one")
    assert (await server.call("DELETE", f"/skills/{first['id']}")).status == 204
    second = await make(server, "one")
    await patch(server, second["id"], name="two")
    assert (await make(server, "one"))["name"] == "one"


async def test_a_skill_may_be_given_the_name_that_it_has(server: Server) -> None:
    made = await make(server, "one")
    assert (await patch(server, made["id"], name="one", description="E"))["description"] == "E"


async def test_the_list_is_newest_first_whatever_changed_since(timed: Server, clock: FakeClock) -> None:
    made = []
    for name in ("a", "b", "c"):
        clock.advance(1)
        made.append(await make(timed, name))
    clock.advance(1)
    made[0] = await patch(timed, made[0]["id"], description="changed")
    assert await timed.get("/skills") == {"data": [made[2], made[1], made[0]], "total": 3, "has_more": False}


async def test_pages_of_the_list_hold_each_skill_once(server: Server) -> None:
    made = [(await make(server, f"s{n}"))["id"] for n in range(7)]
    seen: list[str] = []
    for offset in (0, 3, 6, 9):
        page = await server.get("/skills", params={"limit": "3", "offset": str(offset)})
        assert (page["total"], page["has_more"]) == (7, offset + 3 < 7)
        seen += [skill["id"] for skill in page["data"]]
    assert seen == list(reversed(made))


async def test_a_client_that_pages_nothing_gets_all(server: Server) -> None:
    for n in range(201):
        await make(server, f"s{n}")
    page = await server.get("/skills")
    assert (len(page["data"]), page["total"], page["has_more"]) == (201, 201, False)


async def test_a_patch_changes_what_it_names_and_the_time_of_change(timed: Server, clock: FakeClock) -> None:
    skill = await make(timed, "s", instructions="I", tools=["a"])
    changes: list[dict[str, Any]] = [
        {"name": "t"},
        {"description": "E"},
        {"instructions": "J"},
        {"tools": ["b", "c"]},
        {"instructions": "", "tools": []},
    ]
    for seconds, fields in enumerate(changes, start=1):
        clock.advance(1)
        changed = await patch(timed, skill["id"], **fields)
        assert changed == {**skill, **fields, "updated_at": f"2026-01-01T00:00:0{seconds}.000Z"}
        assert await timed.get(f"/skills/{skill['id']}") == changed
        skill = changed


async def test_a_deleted_skill_is_gone(server: Server) -> None:
    gone, kept = await make(server, "gone"), await make(server, "kept")
    answer = await server.call("DELETE", f"/skills/{gone['id']}")
    assert (answer.status, answer.body) == (204, b"")
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/export")):
        assert (await server.call(method, f"/skills/{gone['id']}{path}")).status == 404
    answer = await server.call("PATCH", f"/skills/{gone['id']}", json={"name": "kept"})
    assert (answer.status, answer.json()["error"]["type"]) == (404, "not_found")
    assert (await server.get("/skills"))["data"] == [kept]


async def test_a_deleted_skill_leaves_all_projects_that_had_it(timed: Server, clock: FakeClock) -> None:
    a, b, c = [(await make(timed, name))["id"] for name in "abc"]
    both = await timed.post("/projects", {"name": "P", "skill_ids": [c, a, b, a]})
    none = await timed.post("/projects", {"name": "Q", "skill_ids": [c, b]})
    clock.advance(1)
    assert (await timed.call("DELETE", f"/skills/{a}")).status == 204
    assert await timed.get(f"/projects/{both['id']}") == {
        **both,
        "skill_ids": [c, b],
        "updated_at": "2026-01-01T00:00:01.000Z",
    }
    assert await timed.get(f"/projects/{none['id']}") == none


async def test_skills_outlive_the_server_and_newer_ones_have_greater_ids(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        before = await make(server, "before", tools=["a"])
    past = FakeClock(now=946_684_800_000)
    async with running_server(tmp_path / "data", clock=past) as server:
        after = await make(server, "after")
        assert after["id"] > before["id"]
        assert (await server.get("/skills"))["data"] == [after, before]


# Files


async def test_a_file_becomes_a_skill(timed: Server) -> None:
    answer = await upload(timed)
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "name": "weekly-report",
        "description": "Reports: weekly",
        "instructions": "# Report\n\nBegin with a summary.",
        "tools": ["sql_query", "Bash(git log:*)"],
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert await timed.get(f"/skills/{made['id']}") == made


async def test_a_skill_becomes_a_file_to_be_kept(server: Server) -> None:
    skill = await make(server, "weekly-report", instructions="Do it.", tools=["sql_query"])
    answer = await server.call("GET", f"/skills/{skill['id']}/export")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="SKILL.md"')
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.body == (
        b"---\nname: weekly-report\ndescription: D\nallowed-tools: sql_query\n---\n\nDo it.\n"
    )


async def test_what_a_file_says_beside_a_skills_fields_comes_back_with_what_was_changed(
    server: Server,
) -> None:
    id = (await upload(server)).json()["id"]
    await patch(server, id, name="monthly-report", instructions="Do it.", tools=["Bash(git log:*)"])
    assert (await exported(server, id)).decode() == (
        "---\n"
        "name: monthly-report\n"
        "description: 'Reports: weekly'\n"
        "allowed-tools: Bash(git log:*)\n"
        "license: MIT\n"
        "metadata:\n"
        "  author: somebody\n"
        "---\n"
        "\n"
        "Do it.\n"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"description": 'it\'s: "quoted" # and \U0001f600'},
        {"description": "two\n\nlines: \n- of text"},
        {"description": "yes"},
        {"instructions": "---\nname: other\n---\n"},
        {"instructions": "\n\n  Do it.  \n\n"},
        {"instructions": "a\r\nb\rc\u2028d"},
        {"tools": ["a b", "c,d", "(", "Bash(git log:*)"]},
    ],
)
async def test_a_skill_comes_back_from_its_file_as_it_was(fields: dict[str, Any], server: Server) -> None:
    before = await make(server, "same", **fields)
    file = await exported(server, before["id"])
    assert (await server.call("DELETE", f"/skills/{before['id']}")).status == 204
    after = (await upload(server, file)).json()
    changed = ("id", "created_at", "updated_at")
    assert after == before | {name: after[name] for name in changed}
    assert await exported(server, after["id"]) == file


async def test_a_file_whose_name_is_taken_is_a_conflict(server: Server) -> None:
    first = (await upload(server)).json()
    answer = await upload(server)
    assert (answer.status, answer.json()["error"]["type"]) == (409, "conflict")
    assert (await server.get("/skills"))["data"] == [first]


async def test_of_one_file_that_is_sent_twice_at_once_one_skill_is_made(server: Server) -> None:
    answers = await asyncio.gather(upload(server), upload(server))
    assert sorted(answer.status for answer in answers) == [201, 409]


@pytest.mark.parametrize("name", ["SKILL.md", "skill.MD", "x", "../../etc/passwd", "\U0001f600.md"])
async def test_what_a_file_is_called_makes_no_difference(name: str, server: Server) -> None:
    assert (await upload(server, name=name)).json()["name"] == "weekly-report"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no SKILL.md"),
        (b"# Just Markdown", "no SKILL.md"),
        (b"\xff\xfe-\x00", "UTF-8"),
        (b"---\nname: Bad Name\ndescription: D\n---\n", "'Bad Name'"),
        (b"---\nname: n\n---\n", "no description"),
        (b"---\nname: n\ndescription: !!python/object/apply:os.getcwd []\n---\n", "tag"),
        (b"---\nname: n\ndescription: D\nx: [\n---\n", "no YAML"),
        (b"---\nname: n\ndescription: D\nx: " + b"[" * 50_000 + b"\n---\n", "no YAML"),
    ],
)
async def test_what_is_no_skill_file_is_refused_with_the_reason(
    content: bytes, words: str, server: Server
) -> None:
    answer = await upload(server, content)
    assert param_of(answer) == (422, "form.file")
    assert words in answer.json()["error"]["message"]
    assert (await server.get("/skills"))["total"] == 0


async def test_a_file_of_more_than_1_mib_is_too_large(server: Server) -> None:
    answer = await upload(server, FILE.ljust(LARGEST_FILE + 1))
    assert (answer.status, answer.json()["error"]["type"]) == (413, "payload_too_large")


async def test_a_form_needs_a_file_and_nothing_else(server: Server) -> None:
    for fields, param in (({"x": "y"}, "form.file"), ({"file": "text"}, "form.file")):
        form = aiohttp.FormData(fields, default_to_multipart=True)
        assert param_of(await server.call("POST", "/skills/import", data=form)) == (422, param)
    form = aiohttp.FormData({"name": "other"}, default_to_multipart=True)
    form.add_field("file", FILE, filename="SKILL.md")
    assert param_of(await server.call("POST", "/skills/import", data=form)) == (422, "form.name")
    answer = await server.call("POST", "/skills/import", json={"name": "n"})
    assert (answer.status, answer.json()["error"]["type"]) == (415, "unsupported_media_type")
    assert (await server.get("/skills"))["total"] == 0


async def test_import_is_no_id(server: Server) -> None:
    for path in ("/skills/import", "/skills/import/"):
        for method in ("GET", "PATCH", "DELETE", "PUT"):
            answer = await server.call(method, path)
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert (await server.call("GET", "/skills/important")).status == 404
