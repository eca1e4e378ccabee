"""Functions of SQL that do more than read, by dialect; and those that come with MySQL and MariaDB."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

Dialect = Literal[
    "postgres", "redshift", "mysql", "sqlite", "duckdb", "clickhouse", "tsql", "snowflake", "bigquery"
]

_POSTGRES = r"""
    pg_read_\w+ pg_ls_\w+ pg_stat_file pg_file_\w+ lo_\w+ loread lowrite dblink\w* pg_terminate_backend
    pg_cancel_backend pg_reload_conf pg_rotate_logfile\w* pg_logfile_rotate set_config nextval setval
    pg_sleep\w* pg_(try_)?advisory_\w+ pg_notify (query|table|schema|database|cursor)_to_xml\w*
    pg_logical_\w+ pg_replication_\w+ pg_create_\w+ pg_drop_\w+ pg_copy_\w+ pg_switch_wal pg_promote
    pg_wal_replay_\w+ pg_backup_\w+ pg_start_backup pg_stop_backup pg_export_snapshot
    pg_import_system_collations pg_stat_reset\w* pg_stat_statements_reset pg_clear_\w+ pg_restore_\w+
    pg_log_\w+ pg_prewarm pg_truncate_\w+ postgres_fdw_\w+ crosstab\w* connectby ts_stat ts_rewrite
    plpgsql_\w+ brin_\w+ gin_clean_pending_list amcheck\w* bt_index_\w+ pgstat\w+ aws_\w+ http_\w+ http
    cron\.\w+ pg_background_\w+ pg_set_\w+ pg_buffercache_evict\w* pg_sync_\w+ binary_upgrade_\w+
    heap_force_\w+ autoprewarm\w* injection_points_\w+ xpath_table xslt_process pg\w*_reset\w*
"""
_MYSQL = r"""
    load_file sleep benchmark get_lock release_lock release_all_locks sys_(exec|eval|get|set) lib_mysqludf\w*
    \w*_pos_wait wait_for_executed_gtid_set wait_until_sql_thread_after_gtids source_\w+ lastval nextval
    setval asynchronous_connection_\w+ group_replication_\w+ keyring_\w+ http_\w+ service_\w+
    version_tokens_\w+ audit_\w+ set_firewall_\w+ mysql_\w+
"""
_SQLITE = r"""
    load_extension readfile writefile edit fts3_tokenizer zipfile sqlar_\w+ lsdir fsdir csv
    sqlite_(?!version|source_id|compileoption_)\w+
"""
_DUCKDB = r"""
    (add|create|deregister|destroy|disable|enable|register|remove|truncate)_\w+ python_\w+ setval sleep\w*
    pg_sleep\w* read_\w+ parquet_\w+ glob sniff_csv \w+_scan \w+_scan_\w+ \w+_query \w+_execute \w+_attach
    getenv load_\w+ query query_table which_secret duckdb_secrets st_read\w* http_\w+ shellfs\w*
    sql_auto_complete force_checkpoint checkpoint nextval write_log export_\w+ import_\w+
    from_substrait\w* copy_\w+ delta_\w+ iceberg_\w+ json_execute\w*
"""
_CLICKHOUSE = r"""
    url(cluster)? file file(cluster|systemcache)\w* s3\w* gcs oss cosn remote\w* mysql postgresql jdbc
    odbc hdfs\w* executable\w* input mongodb redis sqlite deltalake\w* iceberg\w* hudi\w* paimon\w*
    azureblobstorage\w* cluster\w* sleep\w* dictionary loop fuzz\w+ azure\w+ ytsaurus arrowflight kafka
    nats rabbitmq hive getsetting catboostevaluate modelevaluate\w* ai\w+ prometheus\w*
"""
_TSQL = r"""
    dm_os_file_exists dm_os_enumerate\w+
    openrowset openquery openxml opendatasource xp_\w+ sp_\w+ ai_\w+ sys\.fn_\w+
    fn_(xe_file|get_audit|trace_|dump_|dblog|full_dblog|virtual|get_sql)\w*
"""
_SNOWFLAKE = r"""
    embed_text\w* try_complete
    system\$\w+ \w*\.?system\$\w+ get_presigned_url build_stage_file_url build_scoped_file_url
    get_stage_location get_absolute_path ai_\w+ complete\$? infer_schema directory validate
    generate_column_description copy_history_\w+ nextval
"""
_BIGQUERY = r"""
    obj\.\w+
    external_query ml\.\w+ ai\.\w+ remote_\w+
"""
_BUILT_INTO_MYSQL = r"""
    abs acos adddate addtime aes_decrypt aes_encrypt any_value ascii asin atan atan2 avg bin bin_to_uuid
    bit_and bit_count bit_length bit_or bit_xor can_access_column can_access_database can_access_table
    cast ceil ceiling char char_length character_length charset chr coalesce coercibility collation
    column_check column_exists column_get column_json column_list compress concat concat_ws
    connection_id conv convert convert_tz cos cot count crc32 crc32c cume_dist curdate current_date
    current_role current_time current_timestamp current_user curtime database date date_add date_format
    date_sub datediff day dayname dayofmonth dayofweek dayofyear decode default degrees dense_rank div
    elt encode exp export_set extract field find_in_set first_value floor format format_bytes
    format_pico_time found_rows from_base64 from_days from_unixtime geometrycollection greatest
    group_concat grouping hex hour icu_version if ifnull in inet6_aton inet6_ntoa inet_aton inet_ntoa
    insert instr interval is_free_lock is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_used_lock
    is_uuid isnull json_array json_array_append json_array_insert json_arrayagg json_compact
    json_contains json_contains_path json_depth json_detailed json_equals json_exists json_extract
    json_insert json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve
    json_normalize json_object json_objectagg json_overlaps json_pretty json_query json_quote
    json_remove json_replace json_schema_valid json_schema_validation_report json_search json_set
    json_storage_free json_storage_size json_table json_type json_unquote json_valid json_value lag
    last_day last_value lcase lead least left length linestring ln localtime localtimestamp locate log
    log10 log2 lower lpad ltrim make_set makedate maketime max mbrcontains mbrcoveredby mbrcovers
    mbrdisjoint mbrequals mbrintersects mbroverlaps mbrtouches mbrwithin md5 median microsecond mid min
    minute mod month monthname multilinestring multipoint multipolygon natural_sort_key now nth_value
    ntile nullif nvl nvl2 oct octet_length ord percent_rank percentile_cont percentile_disc period_add
    period_diff pi point polygon position pow power quarter quote radians rand random_bytes rank
    regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse right round row_count
    row_number rpad rtrim schema sec_to_time second session_user sformat sha sha1 sha2 sign sin soundex
    space sqrt st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_centroid
    st_contains st_convexhull st_crosses st_difference st_dimension st_disjoint st_distance
    st_distance_sphere st_endpoint st_envelope st_equals st_exteriorring st_geohash st_geometryn
    st_geometrytype st_geomfromgeojson st_geomfromtext st_geomfromwkb st_interiorringn st_intersection
    st_intersects st_isclosed st_isempty st_issimple st_isvalid st_latfromgeohash st_latitude st_length
    st_longfromgeohash st_longitude st_makeenvelope st_numgeometries st_numinteriorring st_numpoints
    st_overlaps st_pointfromgeohash st_pointn st_polyfromtext st_simplify st_srid st_startpoint
    st_swapxy st_symdifference st_touches st_transform st_union st_validate st_within st_x st_y std
    stddev stddev_pop stddev_samp str_to_date strcmp subdate substr substring substring_index subtime
    sum sysdate system_user tan time time_format time_to_sec timediff timestamp timestampadd
    timestampdiff to_base64 to_char to_days to_number to_seconds trim truncate ucase uncompress
    uncompressed_length unhex unix_timestamp upper user utc_date utc_time utc_timestamp uuid uuid_short
    uuid_to_bin validate_password_strength values var_pop var_samp variance version week weekday
    weekofyear weight_string year yearweek
    add_months boundary column_add column_create column_delete crosses decode_histogram des_decrypt
    des_encrypt disjoint distance encrypt envelope equals extractvalue from_vector get_format gtid_subset
    gtid_subtract intersects json_array_intersect json_key_value json_object_filter_keys
    json_object_to_array kdf lengthb months_between old_password overlaps password ps_current_thread_id
    ps_thread_id rownum srid st_boundary st_collect st_frechetdistance st_hausdorffdistance st_isring
    st_linefromtext st_lineinterpolatepoint st_linestringfromtext st_mpointfromtext st_pointonsurface
    st_polygonfromtext st_relate statement_digest statement_digest_text string_to_vector sys_guid to_date
    to_vector touches trim_oracle trunc updatexml vec_distance vec_distance_cosine
    vec_distance_euclidean vec_fromtext vec_totext vector_dim vector_to_string within
"""
_MYSQL_BEFORE_BRACKETS = r"""
    against all and any as between binary by case char columns convert cross dec decimal distinct div double
    else escape except exists fixed float for from group having in index intersect interval is join keys key
    lateral like limit match mod national natural nchar not numeric offset on or order over partition range
    real recursive regexp returning rlike row rows select separator signed some sounds straight_join table
    then time timestamp datetime union unsigned using values varbinary varchar nvarchar vector when where
    window with xor year when binary json bit
"""
_PATTERNS: Mapping[Dialect, str] = {
    "postgres": _POSTGRES,
    "redshift": _POSTGRES,
    "mysql": _MYSQL,
    "sqlite": _SQLITE,
    "duckdb": _DUCKDB,
    "clickhouse": _CLICKHOUSE,
    "tsql": _TSQL,
    "snowflake": _SNOWFLAKE,
    "bigquery": _BIGQUERY,
}
_NAMES_WITHOUT_BRACKETS: Mapping[Dialect, str] = {
    "snowflake": r"\.\s*\"?(nextval\b)",
    "tsql": r"\b(next\s+value\s+for)\b",
}


def denied(functions: Iterable[str], sql: str, code: str, dialect: Dialect) -> str | None:
    """A function of the statement that is not for reading; None: it has none. `code`, the statement without
    what stands in quotes, is looked at as well, where the names may have missed something."""
    for name in functions:
        if _pattern(dialect).fullmatch(name.rpartition(".")[2]) or _pattern(dialect).fullmatch(name):
            return name
    if found := _in_code(dialect).search(code):
        return found["name"].lower()
    if (pattern := _NAMES_WITHOUT_BRACKETS.get(dialect)) and (found := re.search(pattern, sql, re.I)):
        return found[1].lower()
    return None


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    return re.compile("|".join(_PATTERNS[dialect].split()), re.I)


@cache
def _in_code(dialect: Dialect) -> re.Pattern[str]:
    """Such a name with a bracket behind it."""
    names = "|".join(_PATTERNS[dialect].split())
    return re.compile(rf"(?<![\w$])(?P<name>{names})\s*\(", re.I)


def is_builtin(name: str) -> bool:
    """Whether the function comes with MySQL or MariaDB."""
    return name.lower() in _words(_BUILT_INTO_MYSQL)


def is_word_before_bracket(name: str) -> bool:
    """Whether a bracket behind it is no function's in MySQL. Of several words the last one counts."""
    return name.split()[-1:] != [] and name.split()[-1] in _words(_MYSQL_BEFORE_BRACKETS)


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())
