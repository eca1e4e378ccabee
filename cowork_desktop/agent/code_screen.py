"""Looks through code for what goes beyond harmless work with data; pure.

By it the user is asked where somebody else's words may be behind the code. The kernel's guard keeps the code
in its folder either way.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_HARMLESS = _words(
    "pandas numpy matplotlib mpl_toolkits seaborn plotly altair scipy sklearn statsmodels openpyxl tabulate",
    "python_calamine pypdfium2 dateutil pytz PIL math cmath statistics datetime calendar time zoneinfo re",
    "json csv collections itertools functools io textwrap decimal fractions numbers string pathlib random",
    "typing dataclasses enum copy bisect heapq hashlib base64 unicodedata difflib pprint warnings abc",
    "contextlib glob fnmatch html struct zipfile gzip bz2 lzma __future__",
)
"""Packages that work with data. What of them can do more is among the names below."""
_HARMLESS_MODULE = "IPython.display"
NATIVE = _words(
    "duckdb _duckdb zmq polars pyarrow adbc_driver_manager psycopg psycopg2 pyodbc pymssql pycurl curl_cffi",
    "grpc cffi lxml h5py cv2 fitz pymupdf",
)
"""Packages that read, write and connect in native code, where the kernel's guard does not see it."""
_MODULES = NATIVE | _words(
    "os sys subprocess socket gc inspect importlib ctypes ctypeslib shutil builtins codecs pickle marshal",
    "shelve runpy threading multiprocessing asyncio urllib requests httpx atexit weakref ImageGrab",
)
"""Others that modules have imported, and lend; and what is a part of a harmless package and not harmless."""
_NAMES = _words(
    "eval exec compile globals locals vars breakpoint open_code get_ipython system popen attrgetter",
    "methodcaller read_pickle to_pickle read_clipboard to_clipboard allow_pickle",
    # what runs code that stands in a string, or looks up what it names
    "runstring rundocs get_type_hints get_field",
    # frames, and what hangs on them
    "tb_frame f_back f_globals f_locals f_builtins f_code gi_frame gi_code cr_frame cr_code ag_frame ag_code",
    "cell_contents co_code",
)
_BY_NAME = _words("getattr setattr delattr hasattr")
_PLAIN_DUNDERS = _words(
    "__name__ __doc__ __file__ __version__ __init__ __post_init__ __len__ __str__ __repr__ __iter__ __next__",
    "__contains__ __getitem__ __setitem__ __eq__ __lt__ __hash__ __enter__ __exit__",
)
_EXPRESSIONS = _words("query eval")
"""Methods of a DataFrame that take code in a string."""
_REACHES_IN_EXPRESSION = re.compile(r"@\s*\w+\s*[.(\[]|__")
_PLAIN_MAGICS = _words("matplotlib time timeit precision who whos pinfo pinfo2")
_TIMED = _words("time timeit")
_MOST_LINES = 200
"""Of code with magics: IPython takes the square of their number to see what they are."""
_OPTIONS = re.compile(r"^(\s*-\w+\s*\d*)+")


@dataclass(frozen=True)
class Screened:
    risky: tuple[str, ...] = ()
    """What goes beyond harmless work with data, each once."""
    native: tuple[str, ...] = ()
    """The modules among it that work past the guard."""


def screen(code: str) -> Screened:
    """What there is in Python code, with IPython's magics. Code that cannot be parsed cannot do anything.

    Imports IPython where the code is no plain Python: not for the event loop's thread.
    """
    try:
        tree = _parsed(code)
        found = tuple(dict.fromkeys(_risks(tree))) if tree else ()
    except _TooMuch:
        return Screened(("more magics than can be looked through",))
    return Screened(found, tuple(name for name in found if name in NATIVE))


def in_words(names: tuple[str, ...]) -> str:
    """`os, socket and 3 more`."""
    shown = names if len(names) <= 4 else (*names[:3], f"{len(names) - 3} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


class _TooMuch(Exception):
    pass


def _parsed(code: str) -> ast.Module | None:
    """None where it is no code; raises _TooMuch."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    from IPython.core.inputtransformer2 import TransformerManager

    if code.count("\n") > _MOST_LINES:
        raise _TooMuch
    try:
        return ast.parse(TransformerManager().transform_cell(code))  # type: ignore[no-untyped-call]
    except RuntimeError as error:  # IPython gives up
        raise _TooMuch from error
    except (SyntaxError, ValueError, MemoryError):
        return None


def _risks(tree: ast.AST) -> Iterator[str]:
    looked_at = set[ast.AST]()
    """The functions of calls that are judged as a whole."""
    for node in ast.walk(tree):
        if node in looked_at:
            continue
        if isinstance(node, ast.Call):
            if _magic(node):
                looked_at.update(ast.walk(node.func))
                yield from _of_magic(node)
            elif isinstance(node.func, ast.Attribute) and node.func.attr in _EXPRESSIONS:
                looked_at.add(node.func)
                yield from _of_expression(node, node.func.attr)
            elif isinstance(node.func, ast.Name) and node.func.id in _BY_NAME:
                yield from _of_access(node, node.func.id)
        else:
            yield from _of_node(node)


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield from _of_module(alias.name)
        case ast.ImportFrom():
            yield from ["a relative import"] if node.level else _of_module(node.module or "")
            for alias in node.names:
                yield from _of_name(alias.name)
        case ast.Name():
            yield from _of_name(node.id)
        case ast.Attribute():
            yield from [node.attr] if node.attr in _EXPRESSIONS else _of_name(node.attr)
        case ast.keyword():
            yield from _of_name(node.arg or "")
        case ast.MatchClass():
            for name in node.kwd_attrs:
                yield from _of_name(name)


def _of_module(name: str) -> Iterator[str]:
    root, *inner = name.split(".")
    if root not in _HARMLESS and name != _HARMLESS_MODULE:
        yield root
    for part in inner:
        if part.startswith("_") or part in _MODULES:
            yield name


def _of_name(name: str) -> Iterator[str]:
    is_dunder = name.startswith("__") and name.endswith("__")
    if name in _NAMES or name.lstrip("_") in _MODULES or (is_dunder and name not in _PLAIN_DUNDERS):
        yield name


def _of_access(node: ast.Call, function: str) -> Iterator[str]:
    """An attribute whose name stands in a string, or nowhere."""
    name = _text(node.args[1]) if len(node.args) > 1 else None
    yield from [function] if name is None else _of_name(name)


def _of_expression(node: ast.Call, method: str) -> Iterator[str]:
    given = [*node.args[:1], *(one.value for one in node.keywords if one.arg in (None, "expr"))]
    for text in map(_text, given):
        if text is None or _REACHES_IN_EXPRESSION.search(text):
            yield f"{method}()"


def _magic(node: ast.Call) -> str | None:
    """The name of the magic that the call is, as IPython writes it; `!` for a command."""
    if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Call):
        return None
    maker = node.func.value.func
    if not isinstance(maker, ast.Name) or maker.id != "get_ipython":
        return None
    if node.func.attr in ("run_line_magic", "run_cell_magic"):
        return _text(node.args[0]) if node.args else None
    return "!" if node.func.attr in ("system", "getoutput") else None


def _of_magic(node: ast.Call) -> Iterator[str]:
    name = _magic(node) or ""
    if name not in _PLAIN_MAGICS:
        yield "a shell command" if name == "!" else f"the magic %{name}"
    elif name in _TIMED:
        for text in map(_text, node.args[1:]):
            if text is None or (tree := _parsed(_OPTIONS.sub("", text))) is None:
                yield f"the magic %{name}"
            else:
                yield from _risks(tree)


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
