"""The tool that loads a skill's instructions."""

from difflib import get_close_matches

from pydantic import Field

from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.skills import Skill
from cowork_desktop.store import skills

_PAGE = 18_000
_MOST_NAMES = 50


class UseSkill(Arguments):
    name: str = Field(min_length=1, max_length=100, description="The skill's name, such as weekly-report.")
    offset: int = Field(
        default=0, ge=0, description="The character of the instructions to begin at, to read on."
    )


async def _run(context: ToolContext, arguments: UseSkill) -> Outcome:
    name = arguments.name.strip()
    skill = await context.db.read(skills.named, name)
    if skill is None:
        raise ToolFailed(f"There is no skill {name!r}. {_near(name, await context.db.read(skills.names))}")
    return Outcome(_page(skill, arguments.offset), skill=skill)


def _near(name: str, names: list[str]) -> str:
    if not names:
        return "There are none."
    if near := get_close_matches(name.lower(), names, n=5, cutoff=0.5):
        return f"Near ones: {', '.join(near)}."
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"There are: {', '.join(names[:_MOST_NAMES])}{more}."


def _page(skill: Skill, offset: int) -> str:
    """The instructions from the offset on, to the end of a line where they are too long for one result."""
    text = skill.instructions or skill.description
    if offset >= len(text):
        raise ToolFailed(f"The instructions have {len(text):,} characters.")
    end = min(offset + _PAGE, len(text))
    if end == len(text):
        return text[offset:]
    end = text.rfind("\n", offset, end) + 1 or end
    return f"{text[offset:end]}\n[characters {offset:,}-{end:,} of {len(text):,}; go on with offset={end}]"


TOOL = Tool(
    name="use_skill",
    description=(
        "Load a skill: instructions that the user wrote for a kind of task. Use it before you begin a task"
        " that a skill's description fits, and then do as it says. Returns the instructions."
    ),
    input=UseSkill,
    run=_run,
    is_offered=lambda situation: situation.has_skills,
    is_basic=True,
)
