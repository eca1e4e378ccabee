"""What all wire shapes share: strict models, and the small types that fields are made of."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_wrap_validator_function

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FILE_NAME = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,1000}")


class Schema(BaseModel):
    """A shape that the server sends; a string below a field describes it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Body(Schema):
    """A JSON body that a client sends: types as they stand, and no field that is not known."""

    model_config = ConfigDict(strict=True)


class Form(Schema):
    """The fields of a multipart form, which is read into memory."""


class StreamedForm(Form):
    """The fields of a form whose file is too large for memory: it goes to the disk as it comes."""


class Query(Schema):
    """The query parameters of one operation; what it does not know it lets pass."""

    model_config = ConfigDict(extra="ignore")


class Page(Schema, Generic[T]):
    data: list[T]
    total: int
    """How many there are in all pages."""
    has_more: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form."""

    name: str
    """As the client gave it: for people to read, never a path."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file that came in a streamed form, and lies on the disk until its request is answered."""

    name: str
    """As the client gave it: for people to read, never a path."""
    place: Path
    size: int
    sha256: str


def _is_file(value: Any) -> Any:
    if not isinstance(value, Upload | Spooled):
        raise PydanticCustomError("file_type", "Input should be a file")
    if _FILE_NAME.fullmatch(value.name) is None:
        raise PydanticCustomError(
            "file_name", "The file should have a name, of at most 1000 characters that can be shown"
        )
    return value


UploadedFile = Annotated[
    Any, BeforeValidator(_is_file), WithJsonSchema({"type": "string", "format": "binary"})
]


@dataclass(frozen=True, slots=True)
class Encoded(Generic[T]):
    """A `T` that is JSON already, as the store writes it where there can be many rows."""

    json: bytes


def rfc3339(milliseconds: int) -> str:
    """`2026-06-11T10:00:00.000Z` of milliseconds since the Unix epoch; the stores let SQLite write the
    same."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def milliseconds(moment: str) -> int | None:
    """The time that RFC 3339 text with an offset or `Z` stands for; None where it is no such text, or a time
    at which nothing was or will be scheduled."""
    if not _MOMENT.fullmatch(moment):
        return None
    try:
        at = datetime.fromisoformat(moment.upper())
    except ValueError:
        return None
    return (at - _EPOCH) // timedelta(milliseconds=1) if 1970 < at.year < 9000 else None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that a text matches, with the words of the refusal where it does not.

    Stands last: behind the other constraints of the text.
    """

    regex: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = handler(source)
        assert text["type"] == "str"
        return no_info_wrap_validator_function(self._checked, {**text, "pattern": self.regex})

    def _checked(self, value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        try:
            return check(value)
        except ValidationError as error:
            if error.errors()[0]["type"] != "string_pattern_mismatch":
                raise
            raise PydanticCustomError("string_pattern_mismatch", "{words}", {"words": self.words}) from None


NO_NUL = Pattern(r"^[^\u0000]*$", "String should have no NUL character")
VISIBLE = Pattern(
    r"^[^\u0000]*[^\s\u0000][^\u0000]*$", "String should not be blank, and should have no NUL character"
)

Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339, UTC, with milliseconds and `Z`. Stored and compared as an integer."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), VISIBLE]
"""A name or title, trimmed."""

FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000),
    Pattern(
        r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029]"
        r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
        "String should not be blank, and should have no control characters",
    ),
]
"""As of an upload: for people to read, never a path."""

LongText = Annotated[str, StringConstraints(min_length=1, max_length=200_000), VISIBLE]
"""A prompt, goal, memory or instruction."""

ShortText = Annotated[str, StringConstraints(max_length=2_000), NO_NUL]
"""A description; may be empty."""

ModelName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Pattern(
        r"^[A-Za-z0-9_.:/@+\-\[\]]+$",
        "String should have no other characters than letters from A to Z, digits and _ . : / @ + - [ ]",
    ),
]


def _digits(value: Any) -> Any:
    """Query parameters are text: take plain digits only, not every spelling that `int` knows."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise PydanticCustomError("int_parsing", "Input should be a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_digits)]
Limit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_digits)]
LongLimit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_digits)]
"""Where the reference names no upper bound."""
Offset = Annotated[int, Field(ge=0), BeforeValidator(_digits)]
RunSeconds = Annotated[int, Field(ge=1, le=86_400), BeforeValidator(_digits)]
CountingNumber = Annotated[int, Field(ge=1, le=1_000_000_000), BeforeValidator(_digits)]
QueryText = Annotated[str, StringConstraints(max_length=200)]
"""An id or a word to filter by; one that does not exist matches nothing."""
