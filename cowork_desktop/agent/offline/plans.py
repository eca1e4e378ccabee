"""What the offline model does about a message: the calls that it makes one after the other, its answer."""

import re
from collections.abc import Sequence

from cowork_desktop.agent.offline import answers, wishes
from cowork_desktop.agent.offline.answers import printed, quoted
from cowork_desktop.agent.offline.look_over import look_over, ran_well, reason_of
from cowork_desktop.agent.offline.reading import ENDINGS
from cowork_desktop.agent.offline.turn import Call, NamedFile, Plan, Result, Turn

_MOST_TABLES = 3
_MOST_CELLS = 20
_SECONDS = 600
_HEAD = re.compile(r"^\[cell [^\]\n]*\]\n?")
"""What `run_code` says before the output."""
_SEARCH_FILES, _SEARCH_CONVERSATION = "search_files", "search_conversation"
_RUN, _PUBLISH = "run_code", "publish_scratchpad"


def next_step(turn: Turn) -> Call | str:
    """The call to make next, or the answer: the plan is gone through anew, with the results so far."""
    plan = _plan(turn)
    try:
        call = next(plan)
        for result in turn.results:
            call = plan.send(result)
    except StopIteration as end:
        return str(end.value)
    return call


def _plan(turn: Turn) -> Plan:
    words, tables = turn.words, _tables(turn)
    is_attached = any(table.is_attached for table in tables)
    if (blocks := wishes.code_in(words)) and _RUN in turn.tools:
        return _run(blocks)
    if wishes.names_conversation(words) and wishes.asks_for_recap(words):
        return _say(answers.recap(turn.earlier))
    wants_report = wishes.asks_for_report(words)
    wants_look = wishes.asks_to_look_over(words, is_attached=is_attached) or (wants_report and is_attached)
    if tables and wants_look and _RUN in turn.tools:
        return look_over(tables, publishes=_PUBLISH in turn.tools)
    if wants_report and (_PUBLISH in turn.tools or tables):
        return _report(turn, tables)
    if wishes.asks_what_can_be_done(words):
        return _say(answers.ABILITIES)
    if wishes.asks_for_recap(words):
        return _say(answers.recap(turn.earlier))
    return _search(turn, wishes.telling_words(words))


def _say(text: str) -> Plan:
    return text
    yield


def _run(blocks: Sequence[tuple[str, str]]) -> Plan:
    told = []
    for n, (language, code) in enumerate(blocks[:_MOST_CELLS], 1):
        result = yield Call(_RUN, {"code": code, "language": language, "timeout_seconds": _SECONDS})
        told.append(_ran(n, language, result))
    if len(blocks) > _MOST_CELLS:
        told.append(f"I ran the first {_MOST_CELLS} of {len(blocks)} blocks; send the others by themselves.")
    return "\n\n".join([*told, "The cells, with their tables and charts, are in the scratchpad."])


def _ran(n: int, language: str, result: Result) -> str:
    kind = {"python": "Python", "sql": "SQL"}[language]
    text = _HEAD.sub("", result.text)
    if not ran_well(result):
        return f"Block {n} ({kind}) failed: {reason_of(result)}\n\n{printed(text)}"
    if not text.strip():
        return f"Block {n} ({kind}) ran, and put out nothing."
    return f"Block {n} ({kind}) gave:\n\n{printed(text)}"


def _report(turn: Turn, tables: Sequence[NamedFile]) -> Plan:
    """Of the scratchpad as it is; where there is nothing in it, of the tables."""
    reason = "there is no scratchpad in this conversation yet"
    if _PUBLISH in turn.tools:
        made = yield Call(_PUBLISH, {"title": "Report"})
        if not made.is_error:
            return f"I made a report of the scratchpad as it is now:\n\n{quoted(made.text)}"
        reason = reason_of(made)
    if tables and _RUN in turn.tools:
        return (yield from look_over(tables, publishes=_PUBLISH in turn.tools))
    return f"I could make no report: {reason}"


def _search(turn: Turn, words: Sequence[str]) -> Plan:
    """In the files, then in what was said."""
    about = _cannot(turn)
    if words and _SEARCH_FILES in turn.tools:
        found = yield Call(_SEARCH_FILES, {"query": " ".join(words)})
        if _has_hits(found):
            return "\n\n".join(
                [*about, "These places in your files hold words of yours:", quoted(found.text)]
            )
    if words and turn.earlier and _SEARCH_CONVERSATION in turn.tools:
        found = yield Call(_SEARCH_CONVERSATION, {"query": " ".join(words)})
        if _has_hits(found):
            return "\n\n".join([*about, "These earlier messages hold words of yours:", quoted(found.text)])
        places = "the files and the earlier messages" if turn.files else "the earlier messages"
        return "\n\n".join(
            [*about, f"I looked through {places} of this conversation, and none holds your words."]
        )
    return "\n\n".join([*about, answers.NOT_ANSWERED])


def _cannot(turn: Turn) -> list[str]:
    return [
        *([answers.PICTURES] if turn.has_pictures else []),
        *([answers.DOCUMENTS] if turn.has_documents else []),
    ]


def _has_hits(found: Result) -> bool:
    return not found.is_error and bool(found.text.strip()) and not found.text.lstrip().startswith(_NOTHING)


_NOTHING = ("Nothing", "No ", "None")


def _tables(turn: Turn) -> list[NamedFile]:
    """Those that the message names, else those that came with it, else the newest."""
    tables = [file for file in turn.files if file.ending in ENDINGS]
    words = turn.words.lower()
    named = [file for file in tables if file.name.lower() in words]
    if not named:
        told = set(re.findall(r"[\w-]{3,}", words))
        named = [file for file in tables if file.name.lower().rpartition(".")[0] in told]
    attached = [file for file in tables if file.is_attached]
    return (named or attached or tables)[:_MOST_TABLES]
