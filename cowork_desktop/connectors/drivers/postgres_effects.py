"""Refuses functions that may have effects, as PostgreSQL marks them: what is neither stable nor immutable
(https://www.postgresql.org/docs/current/xfunc-volatility.html), but for some that are known."""

import re
from collections.abc import Collection
from typing import Any

import psycopg
import sqlglot
from sqlglot import exp

from cowork_desktop.connectors.drivers.driver import DriverFailed

_HARMLESS = r"""
    random random_normal clock_timestamp timeofday current_query gen_random_uuid gen_random_bytes gen_salt
    uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 pgp_sym_encrypt pgp_pub_encrypt
    currval lastval pg_sequence_last_value pg_is_in_recovery pg_is_wal_replay_paused pg_current_wal_\w+
    pg_last_wal_\w+ pg_last_xact_\w+ pg_last_committed_xact pg_xact_\w+ txid_status pg_lock_status
    pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size
    pg_blocking_pids pg_safe_snapshot_blocking_pids pg_prepared_xact pg_partition_tree pg_partition_ancestors
    pg_collation_actual_version pg_jit_available pg_get_backend_memory_contexts pg_get_shmem_allocations
    pg_notification_queue_usage pg_stat_get_\w+ pg_stat_statements
"""
"""They read, or draw lots."""
_KNOWN = re.compile("|".join(_HARMLESS.split()))
_OWN = re.compile(
    r"(?:pg|jsonb?|array|regexp|string|to|has|obj|col|txid|uuid|xml|ts|quote|format|make|inet|st|date|bit|range)_\w+|"
    + _KNOWN.pattern
)
"""What the server's own functions are called, of those that the parser does not know."""

_VOLATILE = """
SELECT DISTINCT p.proname,
       n.nspname = 'pg_catalog'
       OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                  AND d.objid = p.oid AND d.deptype = 'e')
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.provolatile = 'v' AND (
    (lower(p.proname) = ANY(%(plain)s) AND n.nspname = ANY(pg_catalog.current_schemas(true)))
    OR lower(n.nspname || '.' || p.proname) = ANY(%(qualified)s))
"""


async def refuse_effects(connection: psycopg.AsyncConnection[Any], functions: Collection[str]) -> None:
    """`functions`: as a Reading has them. Raises DriverFailed, and psycopg.Error."""
    if not functions:
        return
    plain = [name for name in functions if "." not in name]
    # Of db.schema.name the database can only be this one.
    qualified = [".".join(name.split(".")[-2:]) for name in functions if "." in name]
    found = await connection.execute(_VOLATILE, {"plain": plain, "qualified": qualified})
    for name, is_known in await found.fetchall():
        if not (is_known and _KNOWN.fullmatch(name)):
            raise DriverFailed(
                "not_allowed",
                f"This connection can only read, and the function {name} may have effects. A connection with"
                " access write can call it.",
            )


def calls_others(sql: str) -> bool:
    """Whether some function of the statement, which is understood, seems to be none of the server's own."""
    statement = sqlglot.parse_one(sql, dialect="postgres")
    return any(not _OWN.fullmatch(call.name.lower()) for call in statement.find_all(exp.Anonymous))
