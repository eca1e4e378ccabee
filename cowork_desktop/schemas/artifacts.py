"""Artifacts on the wire."""

from typing import Annotated, Literal

from pydantic import MISSING, StringConstraints

from cowork_desktop.schemas.base import (
    Body,
    CountingNumber,
    LongLimit,
    Name,
    Offset,
    Pattern,
    Query,
    QueryText,
    Schema,
    Timestamp,
)

ArtifactType = Literal["app", "report", "doc", "dashboard"]
ArtifactId = Annotated[
    str, Pattern(r"^art_[0-9a-z]{1,40}$", "String should be the id of an artifact, which begins with art_")
]


class Artifact(Schema):
    id: str
    project_id: str
    title: str
    type: ArtifactType
    path: str
    """The page to open, relative to the project's artifacts."""
    version: int
    """How often it was saved; 0 where that is not known."""
    created_at: Timestamp
    updated_at: Timestamp


class ArtifactPatch(Body):
    title: Name | MISSING = MISSING
    """Also of its newest version; what its pages say stays as it is."""


class ArtifactQuery(Query):
    project_id: QueryText | None = None
    """Filter to a project."""
    type: ArtifactType | None = None
    """app, report, doc, or dashboard."""
    limit: LongLimit = 50
    offset: Offset = 0


class PreviewQuery(Query):
    path: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    """Relative artifact path, e.g. sales_dashboard/index.html."""
    project_id: QueryText
    """Project that owns the artifact."""
    version: CountingNumber | None = None
    """An earlier version; the current one if omitted."""


class ArtifactPreview(Schema):
    artifact: Artifact
    mime_type: str
    size: int
    """Bytes."""
    content: str | None
    """The first MiB of a text; null for anything else."""
    truncated: bool
    serve_url: str
    """Where the artifact's page runs, on an origin of its own."""


class ArtifactOpen(Body):
    artifact_id: ArtifactId
    """Artifact to open in the Electron window."""


class ArtifactOpened(Schema):
    opened: Literal[True] = True
    target: Literal["shell", "browser"]
    """Who shows it."""


class ArtifactVersion(Schema):
    version: int
    """From 1."""
    title: str
    source: Literal["save", "restore", "folder"]
    """`folder`: its files had been changed by hand, and are kept before the next save."""
    files: int
    size: int
    """Bytes, of all files."""
    is_current: bool
    created_at: Timestamp


class VersionQuery(Query):
    limit: LongLimit = 100
    offset: Offset = 0
