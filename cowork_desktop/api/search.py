"""Handlers of the search over everything."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.search import SearchPage, SearchQuery
from cowork_desktop.store import search

endpoints = Endpoints("/api/v1/search", tag="Search")


@endpoints.get()
async def search_everything(request: web.Request, query: SearchQuery) -> SearchPage:
    """Search titles, messages, files, artifacts, memories, skills and projects.

    Capital letters and accents make no difference.
    """
    await request.app[keys.SEARCH_INDEX].catch_up()
    return await request.app[keys.DB].scan(search.search, query)
