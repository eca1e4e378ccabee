"""What a query of Redis says, and whether it may be carried out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.schemas.connectors import Access

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_.\-]{0,63}")
_WORD = re.compile(rb"""\s*("(?:\\.|[^"\\])*"|'(?:\\'|[^'\\]|\\(?!'))*'|[^\s"']+)(?=\s|\Z)""", re.DOTALL)
_ESCAPED = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_SIGNS: Mapping[bytes, bytes] = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}

_READS = frozenset(
    re.findall(
        r"\S+",
        """
    GET MGET STRLEN GETRANGE SUBSTR LCS EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME RANDOMKEY DBSIZE SCAN
    GETBIT BITCOUNT BITPOS BITFIELD_RO SORT_RO
    HGET HMGET HGETALL HKEYS HVALS HLEN HSTRLEN HEXISTS HSCAN HRANDFIELD HTTL HPTTL HEXPIRETIME HPEXPIRETIME
    LRANGE LLEN LINDEX LPOS
    SMEMBERS SCARD SISMEMBER SMISMEMBER SRANDMEMBER SSCAN SINTER SINTERCARD SUNION SDIFF
    ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZSCORE ZMSCORE ZCARD ZCOUNT
    ZLEXCOUNT ZRANK ZREVRANK ZRANDMEMBER ZSCAN ZINTER ZUNION ZDIFF ZINTERCARD
    XRANGE XREVRANGE XLEN XREAD XPENDING
    GEOPOS GEODIST GEOHASH GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO
    INFO TIME PING
    JSON.GET JSON.MGET JSON.TYPE JSON.STRLEN JSON.ARRLEN JSON.ARRINDEX JSON.OBJLEN JSON.OBJKEYS
    FT.SEARCH FT.AGGREGATE FT.INFO FT._LIST FT.EXPLAIN FT.TAGVALS
    TS.GET TS.MGET TS.RANGE TS.REVRANGE TS.MRANGE TS.MREVRANGE TS.INFO TS.QUERYINDEX
    BF.EXISTS BF.MEXISTS BF.CARD BF.INFO CF.EXISTS CF.MEXISTS CF.COUNT CF.INFO CMS.QUERY CMS.INFO TOPK.QUERY
    TOPK.LIST TOPK.INFO VSIM VCARD VDIM VEMB VGETATTR VINFO
    """,
    )
)
"""Not KEYS, which stops the server for as long as it looks; not PFCOUNT, which writes what it has counted;
not GETEX, SORT and GEORADIUS, which write if they are told to."""
_PARTS_THAT_READ: Mapping[str, frozenset[str]] = {
    "XINFO": frozenset({"STREAM", "GROUPS", "CONSUMERS"}),
    "MEMORY": frozenset({"USAGE"}),
    "OBJECT": frozenset({"ENCODING", "IDLETIME", "FREQ", "REFCOUNT"}),
}
_OF_THE_SERVER = frozenset({"INFO", "TIME", "PING"})
"""Read no keys, so that servers do not call them read-only."""
_WORDS_THAT_DO_MORE: Mapping[str, frozenset[bytes]] = {
    "XREAD": frozenset({b"BLOCK"}),
    "FT.AGGREGATE": frozenset({b"WITHCURSOR"}),
    "GEORADIUS_RO": frozenset({b"STORE", b"STOREDIST"}),
    "GEORADIUSBYMEMBER_RO": frozenset({b"STORE", b"STOREDIST"}),
    "SORT_RO": frozenset({b"STORE"}),
    "COPY": frozenset({b"DB"}),
}
_NEVER = frozenset(
    re.findall(
        r"\S+",
        """
    EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO FUNCTION SCRIPT TFUNCTION TFCALL TFCALLASYNC
    MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE
    PUBLISH SPUBLISH PUBSUB MONITOR CONFIG SHUTDOWN FLUSHALL FLUSHDB KEYS DEBUG SLAVEOF REPLICAOF MIGRATE
    RESTORE RESTORE-ASKING CLIENT ACL AUTH HELLO QUIT RESET SELECT SWAPDB MOVE MODULE CLUSTER SYNC PSYNC
    REPLCONF FAILOVER SENTINEL SAVE BGSAVE BGREWRITEAOF LATENCY SLOWLOG ROLE LASTSAVE ASKING READONLY
    READWRITE COMMAND PFDEBUG PFSELFTEST WAIT WAITAOF
    BLPOP BRPOP BLMPOP BLMOVE BRPOPLPUSH BZPOPMIN BZPOPMAX BZMPOP
    XREADGROUP MEMORY JSON.DEBUG FT.CONFIG FT.CURSOR GRAPH.CONFIG
    """,
    )
)
_NEVER_MARKED = frozenset(
    {"admin", "pubsub", "blocking"}
    | {
        f"@{name}"
        for name in ("admin", "dangerous", "blocking", "pubsub", "scripting", "transaction", "connection")
    }
)
"""Flags and categories of commands: https://redis.io/docs/latest/commands/command/."""
_INSTEAD: Mapping[str, str] = {
    "KEYS": "SCAN 0 MATCH with a pattern finds keys without stopping the server.",
    "SORT": "SORT_RO sorts without writing.",
    "GETEX": "GET reads without touching how long a key lives.",
    "GEORADIUS": "GEOSEARCH reads alone.",
    "GEORADIUSBYMEMBER": "GEOSEARCH reads alone.",
    "EVAL": "Ask for what you need with single commands.",
    "XREADGROUP": "XRANGE and XREAD read a stream without a group.",
}


@dataclass(frozen=True)
class Command:
    words: Sequence[bytes]

    @property
    def name(self) -> str:
        """In capitals."""
        return self.words[0].decode().upper()

    @property
    def part(self) -> str:
        """Its second word in capitals, where it can be a part of the command, as in `XINFO STREAM`."""
        second = self.words[1] if len(self.words) > 1 else b""
        return second.decode().upper() if _NAME.fullmatch(second) else ""

    @property
    def reads(self) -> bool:
        parts = _PARTS_THAT_READ.get(self.name)
        return self.name in _READS if parts is None else self.part in parts

    def has(self, *options: bytes, after: int = 1) -> bool:
        """Any of these words, in any case, after the first ones."""
        return any(word.upper() in options for word in self.words[after:])


def command_of(query: str) -> Command:
    """Of a line as redis-cli takes it. Raises DriverFailed."""
    try:
        words = split_words(query.encode())
    except UnicodeEncodeError:
        raise _bad("The command has characters in it that no text may have.") from None
    if not words:
        raise _bad("There is no command. One looks like: HGETALL user:1")
    if not _NAME.fullmatch(words[0]):
        raise _bad("A query begins with the name of a command, such as GET.")
    return Command(words)


def split_words(line: bytes) -> list[bytes]:
    """As redis-cli does: in quotes there are escapes, such as `\\n` and `\\xff`, in single ones `\\'` alone.
    Raises DriverFailed."""
    words, at, line = [], 0, line.strip()
    while at < len(line):
        found = _WORD.match(line, at)
        if not found:
            raise _bad(
                "A quote is not closed, or stands within a word: a word in quotes is quoted as a whole."
            )
        if b"\n" in line[at : found.start(1)]:
            raise _bad("A query is one command, on one line.")
        words.append(_unquoted(found[1]))
        at = found.end()
    return words


def quoted_word(word: bytes) -> str:
    """What `split_words` makes that word of."""
    return '"' + "".join(_written(sign) for sign in word) + '"'


def check(command: Command, access: Access) -> None:
    """By what it says. Raises DriverFailed."""
    more = _WORDS_THAT_DO_MORE.get(command.name)
    if more and any(word.upper() in more for word in _options(command)):
        raise _forbidden(command, "waits or writes with these options")
    if command.reads:
        return
    if access == "read":
        raise _forbidden(
            command, "is not one of the commands that only read, and this connection is read-only"
        )
    if command.name in _NEVER:
        raise _forbidden(command, "is for those who run the server, or takes more than a connection may")


def check_marks(command: Command, access: Access, told: Iterable[Any]) -> None:
    """By what the server says of it, so that no module and no renaming deceives. `told`: the answers to
    COMMAND INFO for its name and for its name with its part. Raises DriverFailed."""
    known = [_marks(one) for one in told if isinstance(one, list) and len(one) > 2]
    if not known:
        raise _bad(f"The server knows no command {command.name}.")
    marks = known[-1]
    if command.reads:
        if "write" in marks or not ("readonly" in marks or command.name in _OF_THE_SERVER):
            raise _forbidden(command, "can write at this server, whatever its name says")
    elif access == "read" or any(_NEVER_MARKED & some for some in known):
        raise _forbidden(command, "is for those who run the server, or takes more than a connection may")


def _marks(told: Sequence[Any]) -> frozenset[str]:
    found = [*_list(told[2]), *(_list(told[6]) if len(told) > 6 else [])]
    return frozenset(mark.decode("ascii", "replace").lower() for mark in found if isinstance(mark, bytes))


def _list(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list) else []


def _options(command: Command) -> Sequence[bytes]:
    words = [word.upper() for word in command.words]
    if command.name == "XREAD" and b"STREAMS" in words:
        # What comes after are keys, which may be called anything.
        return words[1 : words.index(b"STREAMS")]
    return words[2:]


def _unquoted(word: bytes) -> bytes:
    if word[:1] == b'"':
        return _ESCAPED.sub(_unescaped, word[1:-1])
    return word[1:-1].replace(b"\\'", b"'") if word[:1] == b"'" else word


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)]) if found[1] else _SIGNS.get(found[2], found[2])


def _written(sign: int) -> str:
    if sign in b'"\\':
        return f"\\{chr(sign)}"
    return chr(sign) if 32 <= sign < 127 else f"\\x{sign:02x}"


def _forbidden(command: Command, why: str) -> DriverFailed:
    name = f"{command.name} {command.part}" if command.name in _PARTS_THAT_READ else command.name
    return DriverFailed("not_allowed", f"{name} {why}. {_INSTEAD.get(command.name, '')}".rstrip())


def _bad(words: str) -> DriverFailed:
    return DriverFailed("bad_query", words)
