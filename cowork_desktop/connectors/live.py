"""One connection that is used: its driver with its credentials, and everything that comes back masked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cowork_desktop.connectors.drivers.driver import (
    ApiAnswer,
    ApiRequest,
    DriverFailed,
    Mail,
    Result,
    Row,
    Target,
)
from cowork_desktop.connectors.masking import Masking
from cowork_desktop.connectors.specs import SpecData
from cowork_desktop.errors import ConnectorFailed
from cowork_desktop.schemas.connectors import Catalog, Connection, Use

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Live:
    connection: Connection
    revision: int
    spec: SpecData
    use: Use
    driver: Any = field(repr=False)
    target: Target
    masking: Masking = field(repr=False)
    renew: Callable[[], Awaitable["Live"]] | None = field(default=None, repr=False)
    """The same with another access token, where this one is refused; None: there is none to be had."""

    async def probe(self) -> str:
        """Raises DriverFailed, as all of these do, with nothing secret in its words."""
        try:
            return self.masking.text(await self._masked(self.driver.probe(self.target)))
        except DriverFailed as error:
            if error.kind != "authentication" or self.renew is None:
                raise
        return await (await self.renew()).probe()

    async def catalog(self) -> Catalog:
        catalog: Catalog = await self._masked(self.driver.catalog(self.target))
        return Catalog.model_validate(self.masking.value(catalog.model_dump()))

    def sample_query(self, table: str, rows: int) -> str:
        with self.words_masked():
            return str(self.driver.sample(self.target, table, rows))

    def is_read_query(self, query: str) -> bool:
        """Raises DriverFailed where this connection is not for it."""
        with self.words_masked():
            return bool(self.driver.is_read(self.target, query))

    @property
    def identity(self) -> str:
        """What changes when the connection leads somewhere else, or in another way."""
        return f"{self.connection.id} {self.revision}"

    def reading(self) -> "Live":
        """The same, for reading alone."""
        return replace(self, target=replace(self.target, access="read"))

    def for_query(self, query: str) -> "Live":
        """The same, but for reading where that is what the query does: then nothing in it can change
        anything. Raises as `is_read_query` does."""
        return self.reading() if self.is_read_query(query) else self

    @asynccontextmanager
    async def query(self, query: str, *, seconds: float) -> AsyncIterator[Result]:
        context = self.driver.query(self.target, query, seconds=seconds)
        result: Result = await self._masked(context.__aenter__())
        try:
            yield replace(result, batches=self._batches(result.batches))
        except BaseException as error:
            # What its reader raises goes on as it is; the driver may make a failure of its own of it.
            with self.words_masked(but=error):
                if not await context.__aexit__(type(error), error, error.__traceback__):
                    raise
        else:
            await self._masked(context.__aexit__(None, None, None))

    def is_read_request(self, request: ApiRequest) -> bool:
        with self.words_masked():
            return bool(self.driver.is_read(self.target, request))

    async def request(self, request: ApiRequest, *, seconds: float) -> ApiAnswer:
        answer: ApiAnswer = await self._masked(self.driver.request(self.target, request, seconds=seconds))
        if answer.status == 401 and self.renew:  # so nothing was done
            return await (await self.renew()).request(request, seconds=seconds)

        def without_secrets() -> ApiAnswer:
            headers = {name: self.masking.text(value) for name, value in answer.headers.items()}
            return replace(answer, headers=headers, body=self.masking.content(answer.body))

        return await asyncio.to_thread(without_secrets) if self.masking else answer

    async def send(self, mail: Mail) -> str:
        return self.masking.text(await self._masked(self.driver.send(self.target, mail)))

    async def _batches(self, batches: AsyncIterator[Sequence[Row]]) -> AsyncIterator[Sequence[Row]]:
        while True:
            with self.words_masked():
                try:
                    batch = await anext(batches)
                except StopAsyncIteration:
                    return
            yield await asyncio.to_thread(self.masking.rows, batch) if self.masking else batch

    async def _masked(self, work: Awaitable[T]) -> T:
        with self.words_masked():
            return await work

    def words_masked(self, but: BaseException | None = None) -> AbstractContextManager[None]:
        return masked(self.masking, self.spec.id, but)


@contextmanager
def told_as_errors() -> Iterator[None]:
    """For callers of the API: what a driver failed with is a ConnectorFailed."""
    try:
        yield
    except DriverFailed as error:
        raise ConnectorFailed(error.message) from None


@contextmanager
def masked(masking: Masking, spec_id: str, but: BaseException | None = None) -> Iterator[None]:
    """What goes wrong within is a DriverFailed, whose words, and whose causes, tell no secret; all but that
    one error."""
    failed: DriverFailed
    try:
        yield
        return
    except DriverFailed as error:
        failed = DriverFailed(error.kind, masking.text(error.message))
    except Exception as error:
        if error is but:
            raise
        # Only what it is: its words and its traceback's may hold anything.
        logger.error("The driver of %s failed with %s", spec_id, type(error).__name__)
        words = masking.text(str(error))[:500]
        failed = DriverFailed("failed", f"{type(error).__name__}: {words}")
    raise failed from None
