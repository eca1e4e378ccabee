"""SQL that copies a database as it is at one moment, checks such a copy, and tells what it refers to."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cowork_desktop.store import contents as stored
from cowork_desktop.store.database import MIGRATIONS, DatabaseTooNew, DatabaseUnreadable, Tx
from cowork_desktop.store.rows import to_json

_PAGES_AT_ONCE = 256
_STEPS_BETWEEN_CHECKS = 100_000
_BUSY_SECONDS = 5.0
_FIRST_WITH_CONTENTS = 4
"""The schema since which bytes lie apart from what they belong to."""
_OF_THE_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

Check = Callable[[], None]
"""Raises where the work is to stop."""


@dataclass(frozen=True)
class Shown:
    """An artifact, and which of its versions its folder shows."""

    id: str
    project_id: str
    folder: str
    version: int
    laid_out: int


def place(tx: Tx) -> Path:
    """Where the database lies."""
    [path] = tx.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
    return Path(path)


def version_of_program() -> int:
    """The schema that this release migrates to."""
    return sum(script.name.endswith(".sql") for script in MIGRATIONS.iterdir())


@contextmanager
def reading(path: Path) -> Iterator[Tx]:
    """A read-only view of the database as it is at this moment, which holds up no writer.

    Raises DatabaseTooNew and DatabaseUnreadable.
    """
    try:
        with closing(_connect(path)) as tx:
            tx.execute("PRAGMA query_only = ON")
            tx.execute("BEGIN")
            refuse_newer(tx, path)
            yield tx
    except sqlite3.Error as error:
        raise DatabaseUnreadable(f"{path} cannot be used: {error}.") from error


def refuse_newer(tx: Tx, path: Path) -> None:
    """Raises DatabaseTooNew."""
    if (version := schema_version(tx)) > (known := version_of_program()):
        raise DatabaseTooNew(
            f"{path} was written by a newer Cowork (schema {version}; this one knows {known}). Install the"
            " newer one."
        )


def schema_version(tx: Tx) -> int:
    return int(tx.execute("PRAGMA user_version").fetchone()[0])


def copy(path: Path, target: Path, check: Check) -> None:
    """Copy the database to a new file, which is whole in itself.

    Raises what `reading` does, and OSError where the disk does not take it.
    """
    with reading(path) as source, _writing(target) as copied:
        # The source's transaction lets all steps see one moment; without it each write starts the copy anew.
        source.backup(copied, pages=_PAGES_AT_ONCE, progress=lambda *_: check(), sleep=0)
        copied.execute("PRAGMA journal_mode = DELETE")


def lay_out_anew(target: Path, but: Sequence[str]) -> None:
    """Let the next start lay out the folders of all artifacts from their versions, `but` of these ids."""
    with _writing(target) as tx:
        if _has_contents(tx):
            tx.execute(
                "UPDATE artifacts SET laid_out = 0 WHERE laid_out <> 0"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (to_json(list(but)),),
            )


def find_fault(path: Path, check: Check) -> str | None:
    """What is wrong with a copy; None where it is sound."""
    with closing(_connect(path)) as tx:
        return fault_in(tx, check)


def fault_in(tx: Tx, check: Check) -> str | None:
    """The same of one that is open."""
    try:
        return _fault(tx, check)
    except sqlite3.Error as error:
        check()
        return str(error)


def _fault(tx: Tx, check: Check) -> str | None:
    def is_to_stop() -> bool:
        try:
            check()
        except Exception:
            return True
        return False

    tx.set_progress_handler(is_to_stop, _STEPS_BETWEEN_CHECKS)
    [found] = tx.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        return str(found)
    row = tx.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {row[0]} refers to one of {row[2]} that is not there" if row else None


def contents(tx: Tx) -> dict[str, int]:
    """Every digest that something refers to, with the number of its bytes."""
    return stored.used(tx) if _has_contents(tx) else {}


def name_of(tx: Tx, digest: str) -> str:
    """What people call a file with these bytes."""
    row = tx.execute(
        "SELECT name FROM files WHERE sha256 = ?1 UNION ALL"
        " SELECT a.title || ', ' || f.path FROM artifact_files f JOIN artifacts a ON a.id = f.artifact_id"
        " WHERE f.sha256 = ?1 LIMIT 1",
        (digest,),
    ).fetchone()
    return str(row[0]) if row else digest


def projects(tx: Tx) -> list[str]:
    """The projects that are not deleted."""
    return [id for (id,) in tx.execute("SELECT id FROM projects WHERE deleted_at IS NULL ORDER BY id")]


def artifacts(tx: Tx) -> list[Shown]:
    """The artifacts that are not deleted."""
    if schema_version(tx) < 2:
        return []
    versions, where = ("version, laid_out", "deleted_at IS NULL") if _has_contents(tx) else ("0, 0", "1")
    rows = tx.execute(
        f"SELECT id, project_id, substr(path, 1, instr(path, '/') - 1), {versions} FROM artifacts"
        f" WHERE {where}"
    )
    return [Shown(*row) for row in rows]


def _has_contents(tx: Tx) -> bool:
    return schema_version(tx) >= _FIRST_WITH_CONTENTS


def _connect(path: Path) -> Tx:
    """To a file that is there."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


@contextmanager
def _writing(target: Path) -> Iterator[Tx]:
    """A file that only this process knows, so that its durability is for others to care for."""
    target.touch(0o600)
    try:
        with closing(_connect(target)) as tx:
            tx.execute("PRAGMA synchronous = OFF")
            yield tx
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_DISK:
            raise OSError(f"{target.parent} does not take the copy of the database: {error}") from error
        raise
