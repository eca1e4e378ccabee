"""Claude over the Messages API: the SDK's client, the retries, and what each failure means to the user."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cowork_desktop.agent.anthropic_failures import (
    CHECK_URL,
    KIND_OF_STATUS,
    SPEAKS_OF_BILLING,
    SPEAKS_OF_LENGTH,
    STATUS_OF_TYPE,
    TYPES_ABOVE_STATUS,
    Failure,
    duration,
)
from cowork_desktop.agent.anthropic_wire import PROVIDER, Answer, request_body
from cowork_desktop.agent.model import ModelError, ModelEvent, ModelRequest, Retrying
from cowork_desktop.clock import Clock

if TYPE_CHECKING:
    import anthropic
    import httpx2

BASE_URL = "https://api.anthropic.com"

_LONGEST_RETRY_AFTER_SECONDS = 60.0
_LONGEST_WORDS = 300
_DRAIN_SECONDS = 0.25
_COUNT_SECONDS = 10.0

_LIKE_A_KEY = re.compile(r"\bsk-[\w-]{6,}|\bBearer\s+\S+", re.I)


class _Cut(Exception):
    """The stream ended before the answer did."""


class _NotMessages(Exception):
    """What answered is no Messages API."""


class AnthropicModel:
    provider: str = PROVIDER
    writes_titles: bool = True

    def __init__(self, *, api_key: str, base_url: str | None, clock: Clock) -> None:
        self._api_key = api_key
        self._base_url = base_url or BASE_URL
        self._clock = clock
        self._making = asyncio.Lock()
        self._client: anthropic.AsyncAnthropic | None = None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        if not self._may_be_key:
            failure = Failure("authentication", "it is empty, or has characters that no key has")
            raise ModelError(failure.kind, failure.message)
        retries = 0
        while True:
            answer, has_begun = Answer(), False
            try:
                async with aclosing(self._attempt(request, answer)) as events:
                    async for event in events:
                        has_begun = True
                        yield event
                break
            except Exception as error:
                failure = self._failure_of(error)
                if has_begun or not failure.may_retry or retries >= request.max_retries:
                    raise ModelError(failure.kind, failure.message, answer.usage) from error
            wait = failure.wait_seconds(retries)
            retries += 1
            yield Retrying(attempt=retries, wait_seconds=wait, kind=failure.kind, message=failure.happened)
            await self._clock.sleep(wait)
        yield answer.done()

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """None as well where the endpoint has no such operation, and where it fails: an estimate must do."""
        if not self._may_be_key:
            return None
        body = request_body(request)
        del body["max_tokens"]
        try:
            async with asyncio.timeout(_COUNT_SECONDS):
                client = await self._ready()
                count: Any = client.messages.count_tokens
                answer = await count(**body, timeout=_COUNT_SECONDS)
            tokens = answer.input_tokens
        except Exception:
            return None
        return tokens if type(tokens) is int and tokens > 0 else None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def _may_be_key(self) -> bool:
        return self._api_key.isascii() and self._api_key.isprintable() and bool(self._api_key.strip())

    async def _attempt(self, request: ModelRequest, answer: Answer) -> AsyncGenerator[ModelEvent]:
        client = await self._ready()
        # The overloads of `create` want the SDK's own types for what is plain JSON here.
        create: Any = client.messages.create
        async with (
            await create(**request_body(request), stream=True) as stream,
            # As they come: the SDK's own reading makes models of them, which costs more than all the rest.
            aclosing(stream.raw_events(stream.response)) as raw,
        ):
            is_empty = True
            async for sse in raw:
                is_empty = False
                if sse.event == "error":
                    raise _error_in(stream.response, sse.data)
                if sse.event == "ping" or not sse.data:
                    continue
                for model_event in answer.take(sse.json()):
                    yield model_event
                if answer.is_whole:
                    # Reading up to the end lets the connection be used again.
                    with suppress(Exception):
                        async with asyncio.timeout(_DRAIN_SECONDS):
                            async for _ in raw:
                                pass
                    return
            is_sse = stream.response.headers.get("content-type", "").startswith("text/event-stream")
            raise _NotMessages if is_empty and not is_sse else _Cut

    async def _ready(self) -> "anthropic.AsyncAnthropic":
        async with self._making:
            if self._client is None:
                # The import takes about a second.
                self._client = await asyncio.to_thread(self._make_client)
            return self._client

    def _make_client(self) -> "anthropic.AsyncAnthropic":
        import anthropic
        import httpx2

        timeout = anthropic.Timeout(connect=10, read=300, write=60, pool=10)
        if _is_loopback(self._base_url):
            # The SDK's own http client takes proxies from the environment whatever it is told.
            http = httpx2.AsyncClient(trust_env=False, timeout=timeout)
        else:
            http = anthropic.DefaultAsyncHttpxClient(timeout=timeout, follow_redirects=False)
        client = anthropic.AsyncAnthropic(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=timeout,
            max_retries=0,
            http_client=http,
            open_telemetry=False,
        )
        # ANTHROPIC_CUSTOM_HEADERS gets in by no parameter, and could replace the key.
        client._custom_headers = {}
        # The SDK imports this at first use, which would block the loop.
        _ = client.messages
        return client

    def _failure_of(self, error: Exception) -> Failure:
        import anthropic
        import httpx2

        is_wrapped = isinstance(error, anthropic.APIConnectionError)
        match error.__cause__ if is_wrapped else error:
            case anthropic.APIStatusError() as refusal:
                return self._refused(refusal)
            case _Cut():
                return Failure("network", "the answer was cut off", may_retry=True)
            case _NotMessages():
                return Failure("provider_error", "what answered is no Messages API", advice=CHECK_URL)
            case httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
                return Failure("invalid_request", "the base URL cannot be used", advice=CHECK_URL)
            case httpx2.TimeoutException() as cause:
                return Failure("timeout", may_retry=not isinstance(cause, httpx2.ReadTimeout))
            case cause if is_wrapped or isinstance(cause, httpx2.TransportError):
                return Failure("network", self._words(str(cause or "")), may_retry=True)
        return Failure("provider_error", f"its answer cannot be read: {type(error).__name__}")

    def _refused(self, error: "anthropic.APIStatusError") -> Failure:
        status, error_type = error.status_code, str(error.type)
        if status == 200 or error_type in TYPES_ABOVE_STATUS:
            status = STATUS_OF_TYPE.get(error_type, 500)
        words = str(error.api_message or error.message)
        if words.startswith("<"):
            words = f"status {error.status_code}"
        kind = KIND_OF_STATUS.get(status, "provider_error")
        # Of 429 only the code is read: the words of a rate limit may point to a billing page.
        if status in (400, 429) and SPEAKS_OF_BILLING.search(
            words if status == 400 else error.error_code or ""
        ):
            kind = "billing"
        elif status in (400, 413) and SPEAKS_OF_LENGTH.search(words):
            kind = "context_too_long"
        retry_after = self._retry_after(error.response.headers.get("retry-after", ""))
        asks_too_much = retry_after is not None and retry_after > _LONGEST_RETRY_AFTER_SECONDS
        return Failure(
            kind,
            self._words(words),
            may_retry=(status in (408, 409, 429) or status >= 500)
            and kind != "billing"
            and not asks_too_much
            and error.response.headers.get("x-should-retry") != "false",
            retry_after=retry_after,
            advice=f"Wait {duration(retry_after)}, then try again."
            if retry_after and asks_too_much
            else None,
        )

    def _retry_after(self, header: str) -> float | None:
        """Seconds; the header has them, or a date."""
        with suppress(ValueError):
            seconds = float(header)
            return max(0.0, seconds) if isfinite(seconds) else None
        with suppress(ValueError):
            # A date without a zone would be read as local time, and HTTP knows GMT only.
            moment = parsedate_to_datetime(header).replace(tzinfo=UTC)
            return max(0.0, moment.timestamp() - self._clock.now() / 1000)
        return None

    def _words(self, text: str) -> str:
        text = _LIKE_A_KEY.sub("[key]", text.replace(self._api_key, "[key]"))
        text = " ".join(text.encode(errors="replace").decode().split()).rstrip(".")
        return text if len(text) <= _LONGEST_WORDS else text[: _LONGEST_WORDS - 1] + "…"


def _error_in(response: "httpx2.Response", data: str) -> "anthropic.APIStatusError":
    """What the provider told in the middle of its answer."""
    import anthropic

    try:
        body = json.loads(data)
    except ValueError:
        body = data
    return anthropic.APIStatusError(str(body), response=response, body=body)


def _is_loopback(url: str) -> bool:
    host = ""
    with suppress(ValueError):
        host = urlsplit(url).hostname or ""
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
