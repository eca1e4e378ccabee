"""SQL of skills."""

import json
from collections.abc import Iterable
from typing import Any

from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.skills import Skill, SkillCreate, SkillPatch, SkillQuery
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import expressions, json_object, page, timestamp, to_json, update

_FIELDS = expressions(
    Skill, id="skills.id", created_at=timestamp("created_at"), updated_at=timestamp("updated_at")
)
_COLUMNS = ", ".join(_FIELDS.values())
_JSON = json_object(_FIELDS | {"tools": "json(tools)"})


def list_(tx: Tx, query: SkillQuery) -> Encoded[Page[Skill]]:
    """Newest first."""
    rows = tx.execute(
        f"SELECT {_JSON} FROM skills ORDER BY id DESC LIMIT ? OFFSET ?", (query.limit, query.offset)
    ).fetchall()
    [total] = tx.execute("SELECT count(*) FROM skills").fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def get(tx: Tx, id: str) -> Skill:
    row = tx.execute(f"SELECT {_COLUMNS} FROM skills WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound.of("skill", id)
    return _skill(row)


def get_with_front_matter(tx: Tx, id: str) -> tuple[Skill, str]:
    """A skill, and what the file that it came from says beside it."""
    skill = get(tx, id)
    [front_matter] = tx.execute("SELECT front_matter FROM skills WHERE id = ?", (id,)).fetchone()
    return skill, front_matter


def those(tx: Tx, ids: Iterable[str]) -> list[Skill]:
    """Those of the ids that there are, each once, in the order of the ids."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) wanted JOIN skills ON skills.id = wanted.value"
        " ORDER BY wanted.key",
        (to_json(list(dict.fromkeys(ids))),),
    )
    return [_skill(row) for row in rows]


def named(tx: Tx, name: str) -> Skill | None:
    row = tx.execute(f"SELECT {_COLUMNS} FROM skills WHERE name = ?", (name,)).fetchone()
    return _skill(row) if row else None


def names(tx: Tx) -> list[str]:
    return [name for (name,) in tx.execute("SELECT name FROM skills ORDER BY name")]


def newest(tx: Tx, limit: int) -> list[Skill]:
    rows = tx.execute(f"SELECT {_COLUMNS} FROM skills ORDER BY id DESC LIMIT ?", (limit,))
    return [_skill(row) for row in rows]


def check(tx: Tx, ids: Iterable[str], param: str = "body.skill_ids") -> None:
    """Refuse ids in a body that no skill has."""
    for id in ids:
        if not tx.execute("SELECT 1 FROM skills WHERE id = ?", (id,)).fetchone():
            raise InvalidRequest.unknown_reference(param, "skill", id)


def create(tx: Tx, id: str, now: int, body: SkillCreate, front_matter: str = "") -> Skill:
    """`front_matter`: what an imported file says beside the skill."""
    _check_name(tx, body.name)
    tx.execute(
        "INSERT INTO skills VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id,
            body.name,
            body.description,
            body.instructions,
            to_json(body.tools),
            front_matter,
            now,
            now,
        ),
    )
    return get(tx, id)


def patch(tx: Tx, id: str, now: int, body: SkillPatch) -> Skill:
    changes: dict[str, Any] = body.model_dump()
    skill = get(tx, id)
    if not changes:
        return skill
    if changes.get("name", skill.name) != skill.name:
        _check_name(tx, changes["name"])
    if "tools" in changes:
        changes["tools"] = to_json(changes["tools"])
    update(tx, "skills", id, changes | {"updated_at": now}, condition="1")
    return get(tx, id)


def delete(tx: Tx, id: str, now: int) -> None:
    """Delete the skill, and take it out of the projects that have it active."""
    if not tx.execute("DELETE FROM skills WHERE id = ?", (id,)).rowcount:
        raise NotFound.of("skill", id)
    tx.execute(
        "UPDATE projects SET updated_at = ?, skill_ids = (SELECT json_group_array(value) FROM"
        " (SELECT value FROM json_each(skill_ids) WHERE value != ? ORDER BY key))"
        " WHERE EXISTS (SELECT 1 FROM json_each(skill_ids) WHERE value = ?)",
        (now, id, id),
    )


def _check_name(tx: Tx, name: str) -> None:
    if taken := tx.execute("SELECT id FROM skills WHERE name = ?", (name,)).fetchone():
        raise Conflict(f"There is a skill {name!r} already.", details=[{"skill_id": taken[0]}])


def _skill(row: tuple[Any, ...]) -> Skill:
    id, name, description, instructions, tools, created_at, updated_at = row
    return Skill(
        id=id,
        name=name,
        description=description,
        instructions=instructions,
        tools=json.loads(tools),
        created_at=created_at,
        updated_at=updated_at,
    )
