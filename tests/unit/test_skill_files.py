"""Skills become SKILL.md files and such files skills, and nothing is lost on the way."""

import json
import re
import time
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cowork_desktop.errors import CoworkError, InvalidRequest, PayloadTooLarge
from cowork_desktop.schemas.skills import Skill, SkillCreate
from cowork_desktop.workspace.skill_files import LARGEST_FILE, Imported, read_skill, write_skill
from tests.fakes.examples import at_least

HEAD = "name: weekly-report\ndescription: Reports.\n"


def skill_of(created: SkillCreate) -> Skill:
    return Skill(id="skill_1", created_at="", updated_at="", **created.model_dump())


def read(front_matter: str = HEAD, body: str = "") -> Imported:
    return read_skill(f"---\n{front_matter}---\n{body}".encode())


def written(imported: Imported) -> str:
    return write_skill(skill_of(imported.skill), imported.front_matter).decode()


def meaning(file: str) -> tuple[Any, str]:
    """What another program makes of a file: the front matter, and the rest without blank lines around."""
    _, front_matter, body = re.split(r"^---\n", file, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front_matter), body.strip("\n")


def refusal(front_matter: str) -> str:
    with pytest.raises(InvalidRequest) as raised:
        read(front_matter)
    assert raised.value.param == "form.file"
    return raised.value.message


# What is written


def test_a_skill_is_written_as_the_format_has_it() -> None:
    skill = SkillCreate(
        name="weekly-report",
        description="Reports: what, and when.",
        instructions="Begin with a summary.\n\n---\n\nThen charts.",
        tools=["sql_query", "Bash(git log:*)"],
    )
    assert write_skill(skill_of(skill), "") == (
        b"---\n"
        b"name: weekly-report\n"
        b"description: 'Reports: what, and when.'\n"
        b"allowed-tools: sql_query Bash(git log:*)\n"
        b"---\n"
        b"\n"
        b"Begin with a summary.\n\n---\n\nThen charts.\n"
    )


def test_a_skill_of_nothing_but_a_name_and_a_description_is_front_matter_alone() -> None:
    skill = SkillCreate(name="weekly-report", description="Reports.")
    assert write_skill(skill_of(skill), "") == f"---\n{HEAD}---\n".encode()


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
AWKWARD = st.text(
    st.sampled_from(list("ab:#-'\"\\|>&*!%@`{}[],?~= \t\r\n\x07\x7f\x85\u2028\ufeff\U0001f600é")), max_size=40
)
ODD = st.sampled_from(
    ["yes", "null", "~", "007", "1.10", "2026-01-01", "<<", "=", "---", "...", "- a", "a: b", "# a", "\ufeff"]
)
TEXTS = TEXT | AWKWARD | ODD
NAMES = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).filter(lambda name: len(name) <= 64)
DESCRIPTIONS = TEXTS.map(str.strip).filter(bool)
TOOLS = st.text(
    st.sampled_from(list("abZ09_.:*-(), '\"#\U0001f600é")) | st.characters(exclude_categories=["C", "Z"]),
    min_size=1,
    max_size=20,
).filter(lambda tool: bool(tool.strip()))


def accepted(**fields: Any) -> SkillCreate | None:
    """The skill, where the API would take it."""
    try:
        return SkillCreate.model_validate(fields)
    except ValueError:
        return None


SKILLS = st.builds(
    accepted,
    name=NAMES,
    description=DESCRIPTIONS,
    instructions=st.lists(
        TEXTS | st.sampled_from(["\n", "---\n", "---\nname: x\n---\n", " "]), max_size=4
    ).map("".join),
    tools=st.lists(TOOLS, max_size=5, unique=True),
).filter(lambda skill: skill is not None)


@given(SKILLS)
@settings(max_examples=at_least(300))
@pytest.mark.slow
def test_what_is_written_is_read_as_the_same_skill(skill: SkillCreate) -> None:
    raw = write_skill(skill_of(skill), "")
    assert read_skill(raw) == Imported(skill, "")


@given(SKILLS)
def test_what_is_written_is_read_as_the_same_by_other_programs(skill: SkillCreate) -> None:
    fields, body = meaning(write_skill(skill_of(skill), "").decode())
    tools = fields.pop("allowed-tools", [])
    assert fields == {"name": skill.name, "description": skill.description}
    assert tools in (skill.tools, " ".join(skill.tools))
    assert body == skill.instructions.strip("\n")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.dates() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.integers(), inner, max_size=3),
    max_leaves=8,
)
KEYS = TEXTS.filter(lambda key: key not in ("name", "description", "allowed-tools"))


@given(SKILLS, st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=at_least(300))
@pytest.mark.slow
def test_what_a_skill_has_no_field_for_comes_back(skill: SkillCreate, others: dict[str, Any]) -> None:
    fields = {"name": skill.name, "description": skill.description, **others}
    file = f"---\n{yaml.safe_dump(fields)}---\n{skill.instructions}"
    imported = read_skill(file.encode())
    exported = written(imported)
    assert meaning(exported) == (fields, skill.instructions.strip("\n"))
    assert read_skill(exported.encode()) == imported


# What is read


def test_a_file_is_read_into_the_fields_of_a_skill() -> None:
    imported = read(
        "name: pdf-tools\n"
        "description: Takes text out of PDFs.\n"
        "license: Apache-2.0\n"
        "compatibility: Needs poppler.\n"
        "metadata:\n"
        "  author: example-org\n"
        '  version: "1.0"\n'
        "allowed-tools: Bash(git:*) Read\n",
        "\n# PDF\n\nDo it.\n",
    )
    assert imported.skill == SkillCreate(
        name="pdf-tools",
        description="Takes text out of PDFs.",
        instructions="# PDF\n\nDo it.",
        tools=["Bash(git:*)", "Read"],
    )
    assert imported.front_matter == (
        "license: Apache-2.0\n"
        "compatibility: Needs poppler.\n"
        "metadata:\n"
        "  author: example-org\n"
        '  version: "1.0"\n'
    )


@pytest.mark.parametrize(
    ("line", "tools"),
    [
        ("allowed-tools: Read Write", ["Read", "Write"]),
        ("allowed-tools: Read, Write,Grep", ["Read", "Write", "Grep"]),
        ("allowed-tools: [Read, 'Bash(git log:*)']", ["Read", "Bash(git log:*)"]),
        ("allowed-tools:\n- Read\n- Bash(a, b)", ["Read", "Bash(a, b)"]),
        ("allowed-tools: Bash(git add:*), Bash(git status:*)", ["Bash(git add:*)", "Bash(git status:*)"]),
        ("allowed-tools: Bash(git Read", ["Bash(git", "Read"]),
        ("allowed-tools: Read Read, Read", ["Read"]),
        ("allowed-tools: [Read, Read]", ["Read"]),
        ("allowed-tools: 7 yes", ["7", "yes"]),
        ("allowed-tools: [7, yes]", ["7", "yes"]),
        ("allowed-tools: '*'", ["*"]),
        ("allowed-tools:", []),
        ("allowed-tools: ''", []),
        ("allowed-tools: ~", []),
        ("allowed-tools: []", []),
    ],
)
def test_tools_are_read_in_each_way_that_they_are_written(line: str, tools: list[str]) -> None:
    assert read(f"{HEAD}{line}\n").skill.tools == tools


@pytest.mark.parametrize("text", ["007", "yes", "null", "2026-01-01", "1.10", "0x1f", "1e3", "~"])
def test_a_description_that_yaml_takes_for_something_else_is_the_text_that_stands_there(text: str) -> None:
    assert read(f"name: n\ndescription: {text}\n").skill.description == text


def test_a_name_of_digits_is_a_name() -> None:
    assert read("name: 007\ndescription: D\n").skill.name == "007"


@pytest.mark.parametrize(
    ("written_as", "description"),
    [
        ("description: >\n  folded\n  text\n", "folded text"),
        ("description: |\n  two\n  lines\n", "two\nlines"),
        ('description: "\\ud83d\\ude00 \\u00e9"\n', "\U0001f600 é"),
        ("description: 'it''s: #1'\n", "it's: #1"),
        ("description: plain\n  on two lines\n", "plain on two lines"),
        ("description: D # a comment\n", "D"),
        ("description: &anchor D\n", "D"),
        ("description: !!str D\n", "D"),
        ("x: &d D\ndescription: *d\n", "D"),
    ],
)
def test_a_description_may_be_written_in_every_way_of_yaml(written_as: str, description: str) -> None:
    assert read(f"name: n\n{written_as}").skill.description == description


@pytest.mark.parametrize(
    ("file", "instructions"),
    [
        (b"\xef\xbb\xbf---\nname: n\ndescription: D\n---\nDo it.\n", "Do it."),
        (b"---\r\nname: n\r\ndescription: D\r\n---\r\n\r\nDo\r\nit.\r\n", "Do\nit."),
        (b"--- \t\nname: n\ndescription: D\n---  \nDo it.", "Do it."),
        (b"---\nname: n\ndescription: D\n---", ""),
        (b"---\nname: n\ndescription: D\n---\n", ""),
        (b"---\nname: n\ndescription: D\n---\n\n\n\nDo it.  \n\n", "\n\nDo it.  \n"),
        (b"---\nname: n\ndescription: D\n---\n---\nname: x\n---\n", "---\nname: x\n---"),
        (b"---\nname: n\ndescription: D\n---\nA\r\nB\n", "A\r\nB"),
        (b"---\nname: n\ndescription: |\n  ---\n  D\n---\nDo it.", "Do it."),
    ],
)
def test_a_file_is_read_whatever_its_lines_end_with(file: bytes, instructions: str) -> None:
    assert read_skill(file).skill.instructions == instructions


@pytest.mark.parametrize(
    "others",
    [
        "when: 2026-01-01\n",
        "at: 2026-01-01T10:00:00Z\n",
        "on: push\n",
        "version: 1.10\n",
        "version: '1.10'\n",
        "answer: yes\n",
        "answer: 'yes'\n",
        "mode: 0777\n",
        "time: 1:30\n",
        "nothing: .inf\n",
        "1: one\n",
        "~: nothing\n",
        "base: &b {a: 1}\nmore:\n  <<: *b\n  c: 2\n",
        "a: &a [1, 2]\nb: *a\n",
        "? [a, b]\n: c\n",
        "text: |\n  one\n\n  two\n\n\n",
        "text: >-\n  one\n  two\n\n  three\n",
        "text: |+\n  kept\n\n",
        "empty: {}\nnone: []\n",
        'odd: "\\0 \\ud800 \\x07"\n',
        "x: !!binary aGVsbG8=\ny: !!set {a, b}\n",
        "deep: " + "[" * 90 + "]" * 90 + "\n",
    ],
)
def test_what_a_skill_has_no_field_for_means_the_same_after_import_and_export(others: str) -> None:
    imported = read(HEAD + others)
    json.dumps(imported.front_matter).encode()
    assert repr(events(written(imported))) == repr(events(f"---\n{HEAD}{others}---\n"))


def events(file: str) -> Any:
    """The front matter as PyYAML understands it, or its parts where it makes no object of them."""
    front_matter = file.split("---\n")[1]
    try:
        return yaml.safe_load(front_matter)
    except yaml.YAMLError:
        root: Any = yaml.compose(front_matter)
        return [(key.tag, str(key.value)) for key, _ in root.value]


def test_a_value_that_is_named_many_times_over_is_kept_as_it_stands() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    imported = read(HEAD + bomb)
    assert len(written(imported)) < 3 * len(bomb)


# What is refused


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"# Just Markdown\n",
        b"---\nname: n\ndescription: D\n",
        b"name: n\ndescription: D\n---\n",
        b"\n---\nname: n\ndescription: D\n---\n",
        b"----\nname: n\n----\n",
        b"---\nname: n\n ---\n",
        b"---",
        b"+++\nname = 'n'\n+++\n",
        b"\x00\x01\x02",
        b"PK\x03\x04",
    ],
)
def test_a_file_without_front_matter_is_told_so(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match="does not begin with YAML between two lines of `---`"):
        read_skill(raw)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_encoding_is_told_so(encoding: str) -> None:
    with pytest.raises(InvalidRequest, match="not text in UTF-8"):
        read_skill(f"---\n{HEAD}---\n\u00e9".encode(encoding))
    with pytest.raises(InvalidRequest, match="not text in UTF-8"):
        read_skill(f"---\n{HEAD}---\n\u00e9".encode("latin-1"))


@pytest.mark.parametrize(
    ("front_matter", "words"),
    [
        ("", "has no name"),
        ("description: D\n", "has no name"),
        ("name: n\n", "has no description"),
        ("name: n\ndescription:\n", "description"),
        ("name: n\ndescription: '  '\n", "description"),
        (f"name: n\ndescription: {'x' * 1025}\n", "description"),
        ("name: n\ndescription: [a]\n", "description of this SKILL.md is no text"),
        ("name: {a: b}\ndescription: D\n", "name of this SKILL.md is no text"),
        ('name: n\ndescription: "a\\0b"\n', "cannot be taken: String should not be blank, and"),
        ('name: n\ndescription: "a\\ud800b"\n', "description"),
        ("name: Weekly Report\ndescription: D\n", "'Weekly Report'"),
        ("name: weekly_report\ndescription: D\n", "'weekly_report'"),
        ("name: -n\ndescription: D\n", "'-n'"),
        ("name: n-\ndescription: D\n", "'n-'"),
        ("name: a--b\ndescription: D\n", "'a--b'"),
        ('name: "n\\n"\ndescription: D\n', "no name of a skill"),
        (f"name: {'n' * 65}\ndescription: D\n", "1 to 64"),
        ("name: é\ndescription: D\n", "'é'"),
        ("name:\ndescription: D\n", "''"),
        ("name: n\nname: m\ndescription: D\n", "twice"),
        ("name: n\ndescription: D\ndescription: D\n", "twice"),
        (f"{HEAD}allowed-tools: {{a: b}}\n", "allowed-tools"),
        (f"{HEAD}allowed-tools: [[a]]\n", "allowed-tools"),
        (f"{HEAD}allowed-tools: {'x' * 201}\n", "tools"),
        (f"{HEAD}allowed-tools: {' '.join(f't{n}' for n in range(201))}\n", "tools"),
        (f'{HEAD}allowed-tools: ["a\\nb"]\n', "tools"),
        (f'{HEAD}allowed-tools: [" "]\n', "tools"),
        ("- name: n\n- description: D\n", "no mapping"),
        ("just text\n", "no mapping"),
        ("42\n", "no mapping"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(front_matter: str, words: str) -> None:
    assert words in refusal(front_matter)


def test_instructions_have_at_most_200_000_characters_and_no_nul() -> None:
    assert len(read(body="x" * 200_000).skill.instructions) == 200_000
    for body in ("x" * 200_001, "a\0b"):
        with pytest.raises(InvalidRequest, match="instructions of this SKILL"):
            read(body=body)


@pytest.mark.parametrize(
    "others",
    [
        "a: [\n",
        "a: 'open\n",
        "a: b: c\n",
        "\tname: n\n",
        "a: *nothing\n",
        "a: &x\n  b: &x c\n  d: *y\n",
        "%YAML 9.9\n",
        "@a: b\n",
        "a: 1\n...\nb: 2\n",
        'a: "\\UFFFFFFFF"\n',
        'a: "\\U00110000"\n',
        'a: "\\xzz"\n',
        "a: \x07\n",
        "a: !<tag:yaml.org,2002:str\n",
    ],
)
def test_what_is_no_yaml_is_told_so(others: str) -> None:
    assert "no YAML" in refusal(HEAD + others)


def test_a_fault_of_the_yaml_is_told_with_its_line_in_the_file() -> None:
    assert "in line 4" in refusal(f"{HEAD}a: b: c\n")


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['echo']",
        "!!python/name:os.system",
        "!!python/object/new:type {}",
        "!own {a: b}",
        "[a, {b: !!python/module:os x}]",
        "!<tag:example.com,2026:x> y",
    ],
)
def test_a_tag_that_makes_objects_is_refused(value: str) -> None:
    assert "tag" in refusal(f"{HEAD}x: {value}\n")


@pytest.mark.parametrize(
    "others",
    [
        "a: " + "[" * 101 + "]" * 101 + "\n",
        "a: " + "[" * 20_000 + "\n",
        "a: " + "{a: " * 20_000 + "\n",
        "a: " + "- " * 20_000 + "\n",
        "a:\n" + "".join(f"{' ' * n}- a:\n" for n in range(1, 300, 2)),
        "a: &a [*a]\n",
        "a: &a {b: &b [*a, *b]}\n",
    ],
)
def test_what_is_nested_too_deep_or_in_circles_is_refused(others: str) -> None:
    refusal(HEAD + others)


def test_front_matter_has_at_most_100_000_characters() -> None:
    filler = "a: " + "x" * (100_000 - len(HEAD) - 4) + "\n"
    assert read(HEAD + filler).skill.name == "weekly-report"
    assert "100,000" in refusal(f"{HEAD}{filler[:-1]}x\n")


def test_a_file_has_at_most_1_mib() -> None:
    with pytest.raises(PayloadTooLarge):
        read_skill(f"---\n{HEAD}---\n".encode().ljust(LARGEST_FILE + 1))


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_are_more_than_refused(raw: bytes) -> None:
    for file in (raw, b"---\n" + raw + b"\n---\n", f"---\n{HEAD}".encode() + raw + b"\n---\n"):
        try:
            imported = read_skill(file)
        except CoworkError:
            continue
        assert read_skill(written(imported).encode()) == imported


PIECES = st.sampled_from(
    [
        *(
            "a",
            ": ",
            "- ",
            "\n",
            "  ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "&a ",
            "*a",
            "!!str ",
            "!x ",
            "? ",
            "|\n",
            ">-\n",
        ),
        *("'", '"', "\\", "#", "%", "<<", "---\n", "...\n", "~", "1", "\x85", "\u2028", "\ufeff", "\t", "\r"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=at_least(500))
def test_no_yaml_is_more_than_refused(others: str) -> None:
    try:
        imported = read(f"{HEAD}{others}\n")
    except CoworkError:
        return
    assert read_skill(written(imported).encode()) == imported


@pytest.mark.parametrize(
    "others",
    [
        "a: [" + "a: b, " * 16_000 + "]\n",
        "- x\n" * 24_000,
        "a: '" + "x y " * 24_000 + "'\n",
        "a: " + "#" * 99_000,
        "? a\n" * 24_000,
        "a: |\n" + " \n" * 49_000,
        "a: " + "&a " * 33_000,
        "a: " + "---\t" * 24_000,
    ],
    ids=lambda others: repr(others[:12]),
)
@pytest.mark.slow
def test_no_file_takes_long_to_read(others: str) -> None:
    began = time.process_time()
    with suppress(InvalidRequest):
        read(f"{HEAD}{others}")
    assert time.process_time() - began < 20, "a second or so, where the machine is not under load"
