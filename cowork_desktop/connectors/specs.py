"""The connector specs: data files that come with Cowork, and the user's own beside them."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cowork_desktop.connectors.drivers.registry import DRIVERS
from cowork_desktop.errors import NotFound
from cowork_desktop.schemas.connectors import (
    FIELD_KEY,
    SPEC_ID,
    AuthType,
    Category,
    ConnectorSpec,
    FieldType,
    SpecField,
    SpecMethod,
)

logger = logging.getLogger(__name__)

_OURS = files("cowork_desktop.connectors")

Id = Annotated[str, StringConstraints(pattern=SPEC_ID, max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2_000)]


class _FilePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class FieldData(_FilePart):
    """One field, as a spec's file has it."""

    key: Annotated[str, StringConstraints(pattern=FIELD_KEY, max_length=64)]
    label: Text
    secret: bool = False
    required: bool = True
    type: FieldType = "text"
    default: str | int | bool | None = None
    choices: list[Text] = []
    help: Annotated[str, StringConstraints(max_length=1_000)] = ""
    advanced: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "FieldData":
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(f"{self.key}: `choices` belong to the type choice")
        if self.secret and self.default is not None:
            raise ValueError(f"{self.key}: a secret has no default")
        if self.required and self.advanced:
            raise ValueError(f"{self.key}: what is required is not advanced")
        return self


class OAuthData(_FilePart):
    provider: Id
    """The file in `providers`."""
    scopes: list[Text] = []
    parameters: dict[str, str] = {}
    """Further ones of the address where the user signs in."""


class MethodData(_FilePart):
    """One way in. `auth` is for the driver: of HTTP how a request is signed."""

    id: Id
    name: Text
    fields: list[FieldData] = []
    oauth: OAuthData | None = None
    auth: dict[str, Any] = {}

    @model_validator(mode="after")
    def _fits(self) -> "MethodData":
        keys = [field.key for field in self.fields]
        if len(set(keys)) < len(keys):
            raise ValueError(f"{self.id}: two fields have one key")
        return self

    @property
    def auth_type(self) -> AuthType:
        return "oauth2" if self.oauth else "credentials"


class SpecData(_FilePart):
    """A kind of connection, as its file has it."""

    id: Id
    name: Text
    description: Text
    category: Category
    docs_url: HttpsUrl
    driver: str
    options: dict[str, Any] = {}
    """For the driver; `drivers/<driver>.py` says what it takes."""
    methods: Annotated[list[MethodData], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> "SpecData":
        if self.driver not in DRIVERS:
            raise ValueError(f"there is no driver {self.driver!r}")
        ids = [method.id for method in self.methods]
        if len(set(ids)) < len(ids):
            raise ValueError("two methods have one id")
        return self

    def method(self, id: str) -> MethodData | None:
        return next((method for method in self.methods if method.id == id), None)

    @property
    def oauth_method(self) -> MethodData | None:
        return next((method for method in self.methods if method.oauth), None)

    @cached_property
    def wire(self) -> ConnectorSpec:
        entry, methods = DRIVERS[self.driver], [_method(method) for method in self.methods]
        first = methods[0]
        return ConnectorSpec(
            id=self.id,
            name=self.name,
            description=self.description,
            auth_type=first.auth_type,
            fields=[field for field in first.fields if not field.advanced],
            category=self.category,
            use=entry.use,
            docs_url=self.docs_url,
            methods=methods,
            missing=entry.missing,
        )


def _method(method: MethodData) -> SpecMethod:
    return SpecMethod(
        id=method.id,
        name=method.name,
        auth_type=method.auth_type,
        provider=method.oauth.provider if method.oauth else None,
        fields=[SpecField(**field.model_dump()) for field in method.fields],
    )


class ProviderData(_FilePart):
    """A provider of OAuth 2.0: https://www.rfc-editor.org/rfc/rfc6749 with PKCE, RFC 7636."""

    id: Id
    name: Text
    docs_url: HttpsUrl
    """Where a client is registered."""
    authorize_url: HttpsUrl
    token_url: HttpsUrl
    revoke_url: HttpsUrl | None = None
    client_auth: Literal["post", "basic"] = "post"
    """How the token endpoint learns who asks."""
    json_body: bool = False
    """The token endpoint wants JSON in the place of a form."""
    scope_separator: str = " "
    parameters: dict[str, str] = {}
    """Further ones of the address where the user signs in."""
    token_path: list[str] = []
    """Where in the answer of the token endpoint the tokens are; empty: it is they."""


@dataclass(frozen=True)
class Specs:
    """What there is to connect to; read once, when it is first asked for, so call it in a thread."""

    own: Path | None = None
    """A folder of the user's with `specs/*.json` and `providers/*.json`; what it has goes before ours."""

    @cached_property
    def all(self) -> Mapping[str, SpecData]:
        """By their ids, in the order of their names."""
        found = {spec.id: spec for spec in self._read("specs", SpecData)}
        return dict(sorted(found.items(), key=lambda item: item[1].name.lower()))

    @cached_property
    def providers(self) -> Mapping[str, ProviderData]:
        return {provider.id: provider for provider in self._read("providers", ProviderData)}

    def one(self, id: str) -> ConnectorSpec:
        """Raises NotFound."""
        if id not in self.all:
            raise NotFound.of("connector spec", id)
        return self.all[id].wire

    def found(self, words: str | None, category: str | None) -> list[ConnectorSpec]:
        """Those of the category that have each of the words, by name."""
        wanted = (words or "").lower().split()
        return [
            spec.wire
            for spec in self.all.values()
            if category in (None, spec.category) and all(word in _searched(spec) for word in wanted)
        ]

    def _read(self, folder: str, shape: type[Any]) -> Iterator[Any]:
        yield from (shape.model_validate_json(file.read_bytes()) for file in _json_files(_OURS / folder))
        if self.own is None or not (self.own / folder).is_dir():
            return
        for file in _json_files(self.own / folder):
            try:
                yield shape.model_validate_json(file.read_bytes())
            except (OSError, ValueError) as error:
                logger.warning("The connector file %s is left out: %s", file.name, _words(error))


def _searched(spec: SpecData) -> str:
    return f"{spec.id} {spec.name} {spec.description} {spec.category}".lower()


def _json_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name
    )


def _words(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
