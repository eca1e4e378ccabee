"""ANSI colours become spans, and all else of a terminal goes."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.workspace.ansi import ansi_to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\x1b[31mred\x1b[0m plain", '<span class="ansi-1">red</span> plain'),
        ("\x1b[1;92mbright\x1b[22;39mplain", '<span class="ansi-bold ansi-10">bright</span>plain'),
        ("\x1b[30;43mon yellow\x1b[m", '<span class="ansi-on-3">on yellow</span>'),
        ("\x1b[38;5;9mnine", '<span class="ansi-9">nine</span>'),
        (
            "\x1b[3;4;7mall\x1b[23;24;27mnone",
            '<span class="ansi-italic ansi-underline ansi-inverse">all</span>none',
        ),
        (
            "\x1b[38;2;0;0;0mblack",
            '<span class="ansi-rgb" style="--on-light:#000000;--on-dark:#999999">black</span>',
        ),
        (
            "\x1b[38;5;255mwhite",
            '<span class="ansi-rgb" style="--on-light:#5f5f5f;--on-dark:#eeeeee">white</span>',
        ),
        ("\x1b[48;2;0;80;0mground", '<span style="background:#005000;color:#fff">ground</span>'),
        ("\x1b[38;2;999;0;0mx\x1b[38;5mx\x1b[38mx\x1b[99mx", "xxxx"),
        ("\x1b[31m\x1b[0m", ""),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07\x1b[2K\x1b[1A\x1b(B\x07\x08", "link"),
        ("\x1b\x1b[\x1b", "["),
    ],
)
def test_styles_become_spans_and_other_sequences_go(text: str, html: str) -> None:
    assert ansi_to_html(text) == html


@given(
    st.lists(
        st.sampled_from(["\x1b[", "\x1b]", "\x1b", "38;5;", "2;", "17", "m", "<", '"', "a", "\n", "\x07"])
    )
)
def test_nothing_but_spans_is_made_and_all_of_them_are_closed(pieces: list[str]) -> None:
    html = ansi_to_html("".join(pieces))
    spans = re.findall(r'<span(?: class="[a-z0-9 -]+")?(?: style="[a-z0-9#:;-]+")?>[^<]+</span>', html)
    assert html.count("<") == 2 * len(spans)
    assert "\x1b" not in unescape(html)
