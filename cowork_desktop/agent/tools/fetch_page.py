"""The tool that reads a page of the web."""

import re
from collections.abc import Iterator
from contextlib import suppress

from pydantic import Field

from cowork_desktop.agent.tools.tool import READ, Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.conversations import PageLink
from cowork_desktop.web.addresses import LONGEST_URL, PageFailed, page_url
from cowork_desktop.web.pages import Page

_AT_ONCE = 15_000
"""Characters of one result."""
_TYPED = re.compile(r"https?://[^\s<>\"]+", re.I)
_ENDS_SENTENCES = ".,;:!?)]}'*_`’”»。，、）"
_MOST_ENDS = 5


class FetchPage(Arguments):
    url: str = Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="The whole address, beginning with http:// or https://. Put nothing private into it.",
    )
    offset: int = Field(
        default=0,
        ge=0,
        le=100_000_000,
        description="Where to read on in a page that was fetched before, in characters from its start."
        " 0 fetches the page anew.",
    )


def _demand(context: ToolContext, arguments: FetchPage) -> Demand:
    """An address can carry out what the model knows; one that the user typed carries nothing new."""
    if arguments.offset:
        return READ  # from memory alone
    try:
        url = page_url(arguments.url)
    except PageFailed as error:
        raise ToolFailed(str(error)) from error
    if any(str(url) in _typed(text) for text in context.user_texts):
        return READ
    return Demand("outside", subject=str(url.raw_host), summary=f"Fetch {url}")


def _typed(text: str) -> Iterator[str]:
    """The addresses in a text of the user's, with and without what may be the end of their sentence."""
    for found in _TYPED.findall(text):
        for _ in range(_MOST_ENDS + 1):
            with suppress(PageFailed):
                yield str(page_url(found))
            if found[-1] not in _ENDS_SENTENCES:
                break
            found = found[:-1]


async def _run(context: ToolContext, arguments: FetchPage) -> Outcome:
    try:
        page = await _page(context, arguments)
    except PageFailed as error:
        raise ToolFailed(f"The page cannot be read. {error}") from error
    if arguments.offset >= len(page.text):
        raise ToolFailed(f"The page has {len(page.text):,} characters.")
    return Outcome(
        _told(page, arguments.offset), source=f"the web page {arguments.url}", links=[PageLink(url=page.url)]
    )


async def _page(context: ToolContext, arguments: FetchPage) -> Page:
    pages = context.means.pages
    if not arguments.offset:
        return await pages.fetch(arguments.url)
    page = pages.kept(arguments.url)
    if page is None:
        raise ToolFailed("The page is no longer in memory. Fetch it with offset 0 first.")
    return page


def _told(page: Page, offset: int) -> str:
    end = min(offset + _AT_ONCE, len(page.text))
    going_on = f"; go on with offset={end}" if end < len(page.text) else ""
    head = [
        f"Title: {page.title or '(none)'}",
        f"URL: {page.url}",
        f"[characters {offset:,}-{end:,} of {len(page.text):,}{going_on}]",
    ]
    if page.note:
        head.append(f"[{page.note}]")
    return "\n".join([*head, "", page.text[offset:end]])


TOOL = Tool(
    name="fetch_page",
    description=(
        "Read one page of the public web as text: HTML with its links as [text](address), plain text, JSON,"
        " XML or a PDF, up to 5 MB. Use it for an address that the user gave or that a page links to. It does"
        " not search, sign in, run scripts or send anything, and it reaches no private or local hosts."
        f" Returns the title, the address where the page was found in the end, and {_AT_ONCE:,} characters of"
        " text with the offset to go on at. Unless the user typed this very address, the user is asked first."
    ),
    input=FetchPage,
    run=_run,
    demand=_demand,
    timeout_seconds=90.0,
    is_offered=lambda situation: situation.may_fetch,
)
