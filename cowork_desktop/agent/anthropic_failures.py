"""What the failures of the Messages API are called, and what each means to the user."""

import random
import re
from dataclasses import dataclass
from math import ceil

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 30.0

_AGAIN = "Try again in a few minutes."
CHECK_URL = "Check the base URL in the settings."
_KINDS = {
    "authentication": ("The provider refused the API key", "Check the key in the settings."),
    "permission": (
        "The API key may not do this",
        "Choose another model, or ask whoever manages the account with the provider.",
    ),
    "billing": (
        "The account with the provider cannot pay for this",
        "Check its credit and billing with the provider, then try again.",
    ),
    "model_not_found": (
        "The provider does not know this model or address",
        "Choose another model, or check the base URL, in the settings.",
    ),
    "rate_limited": ("The provider's rate limit is reached", _AGAIN),
    "overloaded": ("The provider is overloaded", _AGAIN),
    "context_too_long": (
        "The conversation is too long for the model",
        "Start a new conversation, or send less text and fewer files.",
    ),
    "invalid_request": (
        "The provider refused the request",
        "Change the message or its attachments, then try again.",
    ),
    "network": ("The connection to the provider failed", "Check the network, then try again."),
    "timeout": ("The provider did not answer in time", "Try again; check the network if it happens often."),
    "provider_error": ("The provider failed", _AGAIN),
}
KIND_OF_STATUS = {
    400: "invalid_request",
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "model_not_found",
    408: "timeout",
    413: "invalid_request",
    422: "invalid_request",
    429: "rate_limited",
    504: "timeout",
    529: "overloaded",
}
STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
TYPES_ABOVE_STATUS = ("billing_error", "overloaded_error", "rate_limit_error", "timeout_error")
SPEAKS_OF_BILLING = re.compile(r"\bcredits?\b|\bbilling\b|spend(ing)?[ _]limit", re.I)
SPEAKS_OF_LENGTH = re.compile(
    r"(prompt|input|conversation|request) is too long|context (window|limit|length)|too many (input )?tokens",
    re.I,
)


@dataclass(frozen=True)
class Failure:
    kind: str
    words: str = ""
    """What the provider or the network said, with secrets taken out."""
    may_retry: bool = False
    retry_after: float | None = None
    advice: str | None = None

    @property
    def happened(self) -> str:
        sentence, _ = _KINDS[self.kind]
        return f"{sentence} ({self.words})." if self.words else f"{sentence}."

    @property
    def message(self) -> str:
        return f"{self.happened} {self.advice or _KINDS[self.kind][1]}"

    def wait_seconds(self, retries: int) -> float:
        if self.retry_after is not None:
            return self.retry_after
        # Full jitter: clients that failed together do not come back together.
        return random.uniform(0, min(_LONGEST_BACKOFF_SECONDS, _FIRST_WAIT_SECONDS * 2 ** min(retries, 10)))


def duration(seconds: float) -> str:
    """In words, rounded up."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds > 2 * length:
            return f"{ceil(seconds / length)} {unit}"
    return f"{ceil(seconds)} seconds"
