"""Names of files that come: what is taken, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cowork_desktop.schemas.base import Spooled
from cowork_desktop.schemas.files import FileForm


def named(name: str) -> str:
    """The name as it is kept."""
    kept = FileForm.model_validate({"file": Spooled(name, Path("x"), 1, "0" * 64)})
    return str(kept.file.name)


@given(
    st.text(
        st.characters(exclude_characters=[*map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"]), max_size=1_100
    )
)
def test_a_name_is_kept_as_it_is_or_refused(name: str) -> None:
    can_be_shown = not any(ch < " " or ch == "\x7f" or "\ud800" <= ch <= "\udfff" for ch in name)
    if name.strip() and len(name) <= 1_000 and can_be_shown:
        assert named(name) == name
    else:
        with pytest.raises(ValidationError, match="should have a name"):
            named(name)


@pytest.mark.parametrize("name", ["a\x85b", "a\x9b2Jb", "a\u2028b", "a\u2029b"])
def test_a_name_is_one_line_without_controls_in_unicode_too(name: str) -> None:
    with pytest.raises(ValidationError, match="should have a name"):
        named(name)


@pytest.mark.parametrize("value", [None, "text", b"bytes", 1, {"name": "x"}])
def test_what_is_no_file_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="should be a file"):
        FileForm.model_validate({"file": value})
