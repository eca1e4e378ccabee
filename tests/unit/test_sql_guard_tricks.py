r"""What is written so that the guard of SQL and a server could take it for different things, and honest
statements that look like it."""

import pytest

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect
from cowork_desktop.connectors.sql_guard import Reading, check_read, is_read
from tests.unit.test_sql_guard import DIALECTS

EVERYWHERE = {
    "form feed": "SELECT 1 \x0cDELETE FROM t",
    "return ends no comment": "SELECT 1 -- a\r'\n INTO x FROM t -- \r'",
    "comment of a template": "SELECT 1 {# \n DELETE FROM t #}",
    "date in a comment of a template": "SELECT 1, {# x\n d '2020-01-01' } INTO OUTFILE '/tmp/x' # #}\n 2",
    "template": "{{ x }} SELECT 1",
    "comment that only ends": "SELECT 1 */ DELETE FROM t /*",
    "word of a change as a name": "SELECT a AS delete FROM t",
    "dollars that never end": "SELECT $$ never ends",
    "analyze": "ANALYZE t",
    "install": "INSTALL x",
    "load": "LOAD x",
    "vacuum": "VACUUM",
    "rollback": "ROLLBACK",
    "exec": "EXEC p",
    "procedure alone": "p",
}

HOSTILE: list[tuple[Dialect, str]] = [
    ("postgres", "--     SELECT 1 AS '\nEXPLAIN ANALYZE DELETE FROM t -- '\n WHERE true"),
    ("postgres", r"""SELECT U&"\0070g_read_file"('/etc/passwd')"""),
    ("postgres", r"""SELECT U&"pg_re\0061d_file"('/etc/passwd')"""),
    ("postgres", r"""SELECT u& "pg_re\0061d_file"('/etc/passwd')"""),
    ("postgres", r"SELECT $$'$$, E'\' , ' , pg_ls_dir(1) , x --'"),
    ("postgres", r"SELECT 'a\' AS b, 'c' AS d FROM t"),
    ("redshift", r"SELECT 'a\' AS b, 'c' AS d FROM t"),
    ("snowflake", r"SELECT 'a\' AS b, ' AS d FROM t"),
    ("postgres", r"SELECT $$'$$, E'\' , ' , x INTO y FROM z --'"),
    ("postgres", "SELECT 1 FROM t WHERE 'a' ||/* ' */ 'b' = x -- '"),
    ("postgres", "SELECT xpath_table('a', 'b', 'c', 'd', 'e')"),
    ("postgres", "SELECT pg_set_relation_stats()"),
    ("postgres", "SHOW x; DELETE FROM t"),
    ("postgres", "SHOW search_path INTO y"),
    ("postgres", "DESCRIBE t"),
    ("mysql", "SELECT initcap('x')"),
    ("mysql", "SELECT date_trunc('x', a) FROM t"),
    ("mysql", "SELECT shop.abs(1)"),
    ("mysql", "WITH own (a) AS (SELECT 1) SELECT own(1)"),
    ("mysql", "SELECT a FROM t INTO @x"),
    ("mysql", "TABLE t INTO OUTFILE '/tmp/x'"),
    ("mysql", "(SELECT 1) INTO OUTFILE '/tmp/x'"),
    ("mysql", "SELECT 1 UNION SELECT 2 INTO OUTFILE '/tmp/x'"),
    ("mysql", "EXPLAIN FOR CONNECTION 5"),
    ("mysql", "EXPLAIN FORMAT=JSON INTO @x SELECT 1"),
    ("mysql", "EXPLAIN ANALYZE FORMAT=TREE DELETE FROM t"),
    ("mysql", "DESCRIBE ANALYZE DELETE FROM t"),
    ("mysql", "SELECT last_insert_id(5)"),
    ("mysql", "SELECT @x := (SELECT 1)"),
    ("mysql", "SELECT ((@x := 1))"),
    ("mysql", "SELECT NEXT VALUE FOR s"),
    ("mysql", "SELECT 1--1"),
    ("sqlite", """SELECT [a"] , ' ] FROM t; DELETE FROM t --' """),
    ("sqlite", "SELECT * FROM 'zipfile'('/tmp/x.zip')"),
    ("sqlite", "PRAGMA main.user_version = 5"),
    ("sqlite", "SHOW TABLES"),
    ("sqlite", "PRAGMA user_version(5)"),
    ("sqlite", "PRAGMA -user_version"),
    ("sqlite", "PRAGMA"),
    ("sqlite", "PRAGMA table_info(t) = 5"),
    ("sqlite", "PRAGMA table_info(writable_schema(1))"),
    ("duckdb", "SELECT {'a',: 1} FROM t"),
    ("mysql", "WITH x AS (SELECT 1) SHOW TABLE"),
    ("duckdb", "SELECT * FROM 'x'"),
    ("duckdb", "SELECT * FROM t, 'x'"),
    ("duckdb", "SUMMARIZE 'x.csv'"),
    ("duckdb", "DESCRIBE 'x.csv'"),
    ("duckdb", "SHOW 'x.csv'"),
    ("duckdb", "PIVOT 'x.csv' ON a"),
    ("duckdb", "SELECT 'HOME'.getenv()"),
    ("duckdb", "SELECT * FROM add_grammar_extension('x')"),
    ("duckdb", "SELECT sleep_ms(1000)"),
    ("duckdb", "SELECT * FROM enable_logging(storage_path='/tmp/x')"),
    ("duckdb", "SELECT * FROM \"enable_profiling\"(save_location='/tmp/x')"),
    ("clickhouse", "SELECT 1 SETTINGS readonly = 0"),
    ("clickhouse", "SHOW TABLES INTO OUTFILE '/tmp/x'"),
    ("clickhouse", r"SELECT `a\``b; DELETE FROM t --`"),
    ("clickhouse", "SELECT 1 # x\n"),
    ("tsql", "SHOW x DELETE FROM t"),
    ("tsql", "DESCRIBE x"),
    ("tsql", "EXPLAIN SELECT 1"),
    ("tsql", """SELECT [a"], "b] DELETE FROM t --" """),
    ("tsql", "SELECT * FROM other.db.dbo.t"),
    ("tsql", "SELECT * FROM t WITH (TABLOCKX)"),
    ("tsql", "SELECT * FROM t WITH (UPDLOCK, HOLDLOCK)"),
    ("tsql", "SELECT * FROM sys.fn_xe_file_target_read_file('x', null, null, null)"),
    ("snowflake", "SELECT $1 FROM '@stage/x'"),
    ("snowflake", 'SELECT $1 FROM "@stage"'),
    ("snowflake", "SHOW TABLES ->> DROP TABLE t"),
    ("snowflake", "SELECT a ->> DELETE FROM t"),
    ("snowflake", "SELECT 1 // '\n /* /* */ ; DELETE FROM t -- */ '"),
    ("snowflake", 'SELECT s."NEXTVAL"'),
    ("bigquery", "FROM t |> EXPORT DATA OPTIONS (uri='x')"),
    ("bigquery", "SELECT 1 # '\n /* /* */ ; DELETE FROM t # */ '"),
    ("bigquery", r"SELECT '''a\''' , 1 ''' "),
]

HONEST: list[tuple[Dialect, str]] = [
    ("postgres", r"SELECT a ~ '^\d+$', u FROM t WHERE b = E'x\n'"),
    ("postgres", "SELECT $tag$it's$tag$, $1, a <-> b FROM t"),
    ("postgres", "/* a */ -- b\nEXPLAIN /* c */ (COSTS off) /* d */ SELECT 1"),
    ("postgres", "EXPLAIN (SELECT 1)"),
    ("postgres", "SELECT 'emoji 👩\u200d🔬', \"größe 👍\" FROM t"),
    ("postgres", "SELECT 1 WHERE 'a' !~~/* ' */ 'b'"),
    ("postgres", "SELECT x.update, insert_at FROM x"),
    ("mysql", "SHOW FULL COLUMNS FROM t LIKE 'a%'"),
    ("mysql", "SHOW VARIABLES WHERE Variable_name = 'x'"),
    ("mysql", "WITH x (a, b) AS (SELECT 1, 2) SELECT * FROM x JOIN (SELECT 3) y USING (a)"),
    (
        "mysql",
        "SELECT CAST(a AS DECIMAL(10,2)), COUNT(DISTINCT b), MATCH (c) AGAINST ('x'), EXTRACTVALUE(d, '/e')"
        " FROM t USE INDEX (i) WHERE a NOT IN (1) AND (b) OR EXISTS (SELECT 1) GROUP BY (a) HAVING (1)"
        " ORDER BY (a)",
    ),
    ("mysql", "SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a INT PATH '$')) AS j"),
    ("mysql", "SELECT RANK() OVER (PARTITION BY a ORDER BY b), a DIV (b), INTERVAL(1, 2) FROM t"),
    ("mysql", r"SELECT 'C:\\dir\\', 'it\'s; DROP TABLE t', \"-- x\" FROM t".replace(r"\"", '"')),
    ("sqlite", "PRAGMA table_info('my table')"),
    ("sqlite", "PRAGMA/* x */foreign_key_list(t)"),
    ("sqlite", "SELECT sqlite_version(), [a b], `c` FROM t"),
    ("duckdb", 'SELECT "x", \'y\' FROM "x"'),
    ("duckdb", "PIVOT t ON a USING sum(b)"),
    ("duckdb", "SHOW TABLES"),
    ("clickhouse", "SELECT URLHash(a), domain(a) FROM t"),
    ("clickhouse", "EXPLAIN PLAN indexes = 1 SELECT * FROM t"),
    ("tsql", "SELECT dbo.fn_Total(1), N'x', [delete] FROM shop.dbo.t"),
    ("snowflake", "SELECT $$it's$$, v:a::string FROM db.s.t"),
    ("bigquery", "SELECT r'\\d+', \"it's\", 'it\"s' FROM t # a comment"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", EVERYWHERE.values(), ids=EVERYWHERE.keys())
def test_what_one_could_take_for_something_else_is_refused_everywhere(sql: str, dialect: Dialect) -> None:
    with pytest.raises(DriverFailed) as refused:
        check_read(sql, dialect)
    assert refused.value.kind in ("not_allowed", "bad_query")


@pytest.mark.parametrize(("dialect", "sql"), HOSTILE)
def test_what_a_server_could_take_for_something_else_is_refused(dialect: Dialect, sql: str) -> None:
    with pytest.raises(DriverFailed) as refused:
        check_read(sql, dialect)
    assert refused.value.kind in ("not_allowed", "bad_query")


@pytest.mark.parametrize(("dialect", "sql"), HONEST)
def test_what_is_odd_but_reads_is_let_pass(dialect: Dialect, sql: str) -> None:
    assert sql.startswith(check_read(sql, dialect).sql)


def test_nothing_of_a_statement_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for sql in ("DROP PAINTING t 's3cr3t'", "SELECT json_extract(a, '$.[s3cr3t')", "EXPLAIN s3cr3t"):
        for dialect in DIALECTS:
            is_read(sql, dialect)
    assert caplog.text == ""


def test_names_in_quotes_are_told_whatever_they_hold() -> None:
    assert check_read('SELECT "-f"(1), s."f g"(2)', "postgres").functions == {"-f", "s.f g"}


def test_what_a_statement_explains_is_told_with_its_functions() -> None:
    read = check_read("EXPLAIN (VERBOSE) SELECT f(1)", "postgres")
    assert read == Reading("EXPLAIN (VERBOSE) SELECT f(1)", frozenset({"f"}))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "-- " * 30_000,
        "SELECT " + "-- x\n" * 20_000 + "'",
        "SELECT " + "/" * 50_000,
        "SELECT " + "/**/" * 20_000 + "'",
        "SELECT '" + "''" * 40_000,
        "(" * 50_000,
        "SELECT " + "f(" * 30_000,
        "EXPLAIN " + "(" * 50_000,
    ],
    ids=lambda sql: sql[:14],
)
def test_what_is_long_and_odd_takes_no_time_to_speak_of(sql: str) -> None:
    for dialect in DIALECTS:
        is_read(sql, dialect)
