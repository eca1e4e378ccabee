"""Skills as `SKILL.md` files of the Agent Skills format (https://agentskills.io/specification), and back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cowork_desktop.errors import InvalidRequest, PayloadTooLarge
from cowork_desktop.schemas.skills import Skill, SkillCreate

if TYPE_CHECKING:
    from yaml import Node

    Pair = tuple[Node, Node]

LARGEST_FILE = 1024 * 1024
"""Bytes."""
_LONGEST_FRONT_MATTER = 100_000
"""Characters: what the parser reads in about a second."""
_DEEPEST = 100
_FILE = re.compile(
    r"---[ \t]*\n(?P<front_matter>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE
)
_NAME = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_TOOL = re.compile(r"(?:\([^()]*\)|[^\s,])+")
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line ends of YAML 1.1 that PyYAML writes down wrongly outside of double quotes."""
_STANDARD_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in (
        *("null", "bool", "int", "float", "str", "seq", "map"),
        *("timestamp", "merge", "value", "binary", "set", "omap", "pairs"),
    )
)
_STR, _SEQ, _MAP = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_TOOLS = "allowed-tools"


@dataclass(frozen=True, slots=True)
class Imported:
    skill: SkillCreate
    front_matter: str
    """YAML of the keys that a skill has no field for; empty where there are none."""


def read_skill(raw: bytes) -> Imported:
    """The skill of a file. Nothing in its YAML is made into an object: only text is taken out of it."""
    if len(raw) > LARGEST_FILE:
        raise PayloadTooLarge(f"A SKILL.md has at most {LARGEST_FILE:,} bytes.")
    found = _FILE.match(_text(raw))
    if found is None:
        raise _refusal("This is no SKILL.md: it does not begin with YAML between two lines of `---`.")
    pairs = _parse(found["front_matter"])
    ours = {key.value: value for key, value in pairs if _is_ours(key)}
    if len(ours) < sum(_is_ours(key) for key, _ in pairs):
        raise _refusal("The front matter of this SKILL.md says the same thing twice.")
    skill = _checked(
        name=_word_of(ours, "name"),
        description=_word_of(ours, "description"),
        instructions=found["body"].removeprefix("\n").removesuffix("\n"),
        tools=list(dict.fromkeys(_tools_of(ours.get(_TOOLS)))),
    )
    rest = [pair for pair in pairs if not _is_ours(pair[0])]
    return Imported(skill, _serialize(rest) if rest else "")


def write_skill(skill: Skill, front_matter: str) -> bytes:
    """The file of a skill; `front_matter` as it was imported."""
    pairs = [(_scalar("name"), _scalar(skill.name)), (_scalar("description"), _scalar(skill.description))]
    if skill.tools:
        pairs.append((_scalar(_TOOLS), _tools_node(skill.tools)))
    pairs += _parse(front_matter)
    body = f"\n{skill.instructions}\n" if skill.instructions else ""
    return f"---\n{_serialize(pairs)}---\n{body}".encode()


def _refusal(message: str) -> InvalidRequest:
    return InvalidRequest(message, param="form.file")


# The text and its fields


def _text(raw: bytes) -> str:
    """With the line ends of Unix, where the file has those of Windows from its first line on."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal("This is no SKILL.md: it is not text in UTF-8.") from None
    return text.replace("\r\n", "\n") if text.partition("\n")[0].endswith("\r") else text


def _is_ours(key: "Node") -> bool:
    return key.value in ("name", "description", _TOOLS)


def _word_of(fields: "dict[str, Node]", key: str) -> str:
    """The text of a field, as it stands: a name such as 007 is no number."""
    if key not in fields:
        raise _refusal(f"This SKILL.md has no {key} in its front matter.")
    value = fields[key].value
    if not isinstance(value, str):
        raise _refusal(f"The {key} of this SKILL.md is no text.")
    return _paired(value)


def _paired(text: str) -> str:
    """Escapes in the manner of JSON write a character as a pair of surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _tools_of(node: "Node | None") -> list[str]:
    """Of a list, or of text with spaces or commas between the tools, but not within their parentheses."""
    if node is None:
        return []
    if isinstance(node.value, str):
        return _split_tools("" if node.tag.endswith(":null") else _paired(node.value))
    words = [item.value for item in node.value if not isinstance(item, tuple)]
    if len(words) < len(node.value) or not all(isinstance(word, str) for word in words):
        raise _refusal(f"The {_TOOLS} of this SKILL.md are no list of names.")
    return [_paired(word) for word in words]


def _split_tools(text: str) -> list[str]:
    return _TOOL.findall(text)


def _checked(*, name: str, description: str, instructions: str, tools: list[str]) -> SkillCreate:
    if _NAME.fullmatch(name) is None:
        raise _refusal(
            f"The name {name[:80]!r} of this SKILL.md is no name of a skill: it has 1 to 64 small letters and"
            " digits, with single hyphens between them."
        )
    try:
        return SkillCreate(name=name, description=description, instructions=instructions, tools=tools)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _refusal(f"The {fault['loc'][0]} of this SKILL.md cannot be taken: {fault['msg']}.") from None


# YAML, as nodes: text with its tag, and lists of them. PyYAML is imported when it is first needed.


def _parse(front_matter: str) -> "list[Pair]":
    """The keys and values of a YAML mapping that can be written again."""
    import yaml

    if len(front_matter) > _LONGEST_FRONT_MATTER:
        raise _refusal(
            f"The front matter of this SKILL.md has more than {_LONGEST_FRONT_MATTER:,} characters."
        )
    try:
        root = yaml.compose(front_matter, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 2}" if error.problem_mark else ""
        raise _refusal(f"The front matter of this SKILL.md is no YAML: {error.problem}{place}.") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise _refusal("The front matter of this SKILL.md is no YAML that can be read.") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise _refusal("The front matter of this SKILL.md is no mapping of names to values.")
    _check_tree(root)
    pairs: list[Pair] = root.value
    return pairs


def _check_tree(root: "Node") -> None:
    """Refuse what goes too deep or in circles, and what is meant to become an object of a program."""
    level: list[Node] = [root]
    for _ in range(_DEEPEST):
        for node in level:
            if node.tag not in _STANDARD_TAGS:
                raise _refusal(
                    f"The front matter of this SKILL.md has a tag that is not YAML's own: {node.tag[:80]}."
                )
            _make_writable(node)
        level = list({id(inner): inner for node in level for inner in _inside(node)}.values())
        if not level:
            return
    raise _refusal(f"The front matter of this SKILL.md is nested deeper than {_DEEPEST} levels.")


def _inside(node: "Node") -> "Iterable[Node]":
    if isinstance(node.value, str):
        return
    for item in node.value:
        if isinstance(item, tuple):
            yield from item
        else:
            yield item


def _make_writable(node: "Node") -> None:
    import yaml

    if isinstance(node, yaml.ScalarNode) and _ODD_BREAKS.search(node.value):
        node.style = '"'


def _serialize(pairs: "Sequence[Pair]") -> str:
    import yaml

    root = yaml.MappingNode(_MAP, list(pairs), flow_style=False)
    written: str = yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=float("inf"))
    return written


def _scalar(text: str) -> "Node":
    import yaml

    node = yaml.ScalarNode(_STR, text, style="|" if "\n" in text else None)
    _make_writable(node)
    return node


def _tools_node(tools: list[str]) -> "Node":
    """Text, as the format has it, or a list of what could not be told apart in it."""
    import yaml

    text = " ".join(tools)
    if _split_tools(text) == tools:
        return _scalar(text)
    return yaml.SequenceNode(_SEQ, [_scalar(tool) for tool in tools], flow_style=False)
