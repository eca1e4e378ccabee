"""Handlers of skills."""

import asyncio

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.downloads import attachment
from cowork_desktop.http.endpoint import Endpoints, an_id
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.skills import Skill, SkillCreate, SkillForm, SkillPatch, SkillQuery
from cowork_desktop.store import skills
from cowork_desktop.workspace import skill_files

endpoints = Endpoints("/api/v1/skills", tag="Skills")

_ONE = an_id("skill_id", but="import")


@endpoints.get()
async def list_skills(request: web.Request, query: SkillQuery) -> Encoded[Page[Skill]]:
    """List all skills.

    Newest first.
    """
    return await request.app[keys.DB].scan(skills.list_, query)


@endpoints.post(errors=(Conflict,))
async def create_skill(request: web.Request, body: SkillCreate) -> Skill:
    """Register a skill.

    Its name must be free.
    """
    id, now = request.app[keys.IDS].new("skill"), request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(skills.create, id, now, body)


@endpoints.post("/import", errors=(Conflict,))
async def import_skill(request: web.Request, form: SkillForm) -> Skill:
    """Register a skill from a file.

    A `SKILL.md` of the Agent Skills format, up to 1 MiB. What it says beside a skill's fields comes back at
    the export.
    """
    id, now = request.app[keys.IDS].new("skill"), request.app[keys.CLOCK].now()
    imported = await asyncio.to_thread(skill_files.read_skill, form.file.content)
    return await request.app[keys.DB].write(skills.create, id, now, imported.skill, imported.front_matter)


@endpoints.get(_ONE, errors=(NotFound,))
async def get_skill(request: web.Request, skill_id: str) -> Skill:
    """Get a skill."""
    return await request.app[keys.DB].read(skills.get, skill_id)


@endpoints.patch(_ONE, errors=(NotFound, Conflict))
async def update_skill(request: web.Request, skill_id: str, body: SkillPatch) -> Skill:
    """Update a skill."""
    return await request.app[keys.DB].write(skills.patch, skill_id, request.app[keys.CLOCK].now(), body)


@endpoints.delete(_ONE, errors=(NotFound,))
async def delete_skill(request: web.Request, skill_id: str) -> None:
    """Delete a skill.

    It is no longer active in any project.
    """
    await request.app[keys.DB].write(skills.delete, skill_id, request.app[keys.CLOCK].now())


@endpoints.get("/{skill_id}/export", errors=(NotFound,))
async def get_skill_export(request: web.Request, skill_id: str) -> web.Response:
    """Get a skill as a `SKILL.md` of the Agent Skills format."""
    skill, front_matter = await request.app[keys.DB].read(skills.get_with_front_matter, skill_id)
    content = await asyncio.to_thread(skill_files.write_skill, skill, front_matter)
    headers = {
        "Content-Disposition": attachment("SKILL.md"),
        "Content-Security-Policy": "sandbox",
    }
    return web.Response(body=content, content_type="text/markdown", charset="utf-8", headers=headers)
