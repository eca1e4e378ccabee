"""A bundle of types becomes one richest type and its alternatives, and a bundle again."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.schemas.mime_bundles import WIDGET_NOTE, WIDGET_VIEW, from_bundle, to_bundle

PNG = base64.b64encode(b"\x89PNG\r\n").decode()
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><title>ä</title></svg>"
SVG_URL = f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"
RICHEST_FIRST = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "application/vnd.vegalite.v5+json",
    "application/json",
    "chemical/x-pdb",
    "text/plain",
    "application/javascript",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
base64_texts = st.binary(min_size=1, max_size=20).map(lambda content: base64.b64encode(content).decode())
bundles = st.fixed_dictionaries(
    {},
    optional={
        "text/html": st.text(),
        "text/plain": st.text(),
        "text/javascript": st.text(),
        "x/unknown": st.text(),
        "image/svg+xml": st.text(min_size=1),
        "image/png": base64_texts,
        "image/bmp": base64_texts,
        "application/pdf": base64_texts,
        "application/json": json_values,
        "application/geo+json": json_values,
    },
)


@given(bundles)
def test_a_bundle_comes_back_from_its_output_as_it_was(bundle: dict[str, Any]) -> None:
    expected = bundle or {"text/plain": ""}
    assert to_bundle(*from_bundle(bundle)) == expected


@given(st.dictionaries(st.sampled_from([*RICHEST_FIRST, WIDGET_VIEW, "", "text/", "image/"]), json_values))
def test_a_bundle_with_anything_in_it_is_read_and_stays_the_same_from_then_on(bundle: dict[str, Any]) -> None:
    once = from_bundle(bundle)
    assert from_bundle(to_bundle(*once)) == once


@pytest.mark.parametrize("place", range(len(RICHEST_FIRST) - 1))
def test_the_richest_type_is_the_first_of_this_order(place: int) -> None:
    richer, poorer = RICHEST_FIRST[place : place + 2]
    mime, _, alternatives = from_bundle({poorer: PNG, richer: PNG})
    assert (mime, list(alternatives)) == (richer, [poorer])


def test_images_and_pdf_become_data_urls_and_in_bundles_are_bare() -> None:
    bundle = {"image/png": PNG, "image/svg+xml": SVG, "application/pdf": PNG}
    alternatives = {
        "image/png": f"data:image/png;base64,{PNG}",
        "application/pdf": f"data:application/pdf;base64,{PNG}",
    }
    assert from_bundle(bundle) == ("image/svg+xml", SVG_URL, alternatives)
    assert to_bundle("image/svg+xml", SVG_URL, alternatives) == bundle


def test_base64_may_be_wrapped_into_lines() -> None:
    wrapped = f"{PNG[:4]}\n{PNG[4:]}\n"
    assert from_bundle({"image/png": wrapped}) == ("image/png", f"data:image/png;base64,{PNG}", {})


@pytest.mark.parametrize("broken", ["", "AAA", "not base64!", "ä", "AA=A", None, 7])
def test_an_image_that_is_no_base64_is_left_out(broken: Any) -> None:
    assert from_bundle({"image/png": broken, "text/plain": "<Figure>"}) == ("text/plain", "<Figure>", {})


def test_a_bundle_with_nothing_in_it_is_the_empty_text() -> None:
    assert from_bundle({"image/png": "?"}) == ("text/plain", "", {})


def test_json_types_are_json_and_lines_of_text_are_joined() -> None:
    bundle = {"application/json": ["a", "b"], "text/plain": ["a\n", "b"]}
    assert from_bundle(bundle) == ("application/json", ["a", "b"], {"text/plain": "a\nb"})


def test_null_is_json_too() -> None:
    assert from_bundle({"application/json": None}) == ("application/json", None, {})
    assert to_bundle("application/json", None, {}) == {"application/json": None}


def test_text_types_that_are_not_text_become_it() -> None:
    assert to_bundle("text/plain", {"a": "ä"}, {}) == {"text/plain": '{"a": "ä"}'}


def test_a_data_url_without_base64_becomes_the_same_image() -> None:
    url = "data:image/svg+xml;utf8,%3Csvg/%3E"
    assert to_bundle("image/svg+xml", url, {}) == {"image/svg+xml": "<svg/>"}


def test_an_image_elsewhere_is_left_out_of_the_bundle() -> None:
    shape = to_bundle("image/png", "https://example.org/a.png", {"text/plain": "a"})
    assert shape == {"text/plain": "a"}


@pytest.mark.parametrize(
    ("others", "text"),
    [({}, WIDGET_NOTE), ({"text/plain": "IntSlider(value=0)"}, f"IntSlider(value=0)\n{WIDGET_NOTE}")],
)
def test_a_widget_is_its_text_and_a_word_on_why(others: dict[str, Any], text: str) -> None:
    assert from_bundle({WIDGET_VIEW: {"model_id": "a"}, **others}) == ("text/plain", text, {})


def test_a_widget_with_another_form_is_that_form() -> None:
    bundle = {WIDGET_VIEW: {"model_id": "a"}, "text/html": "<b>x</b>", "text/plain": "x"}
    assert from_bundle(bundle) == ("text/html", "<b>x</b>", {"text/plain": "x"})
