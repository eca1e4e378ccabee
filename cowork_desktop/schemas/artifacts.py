"""Artifacts on the wire."""

from typing import Literal

from cowork_desktop.schemas.base import Schema, Timestamp

ArtifactType = Literal["app", "report", "doc", "dashboard"]


class Artifact(Schema):
    id: str
    project_id: str
    title: str
    type: ArtifactType
    path: str
    """The page to open, relative to the project's artifacts."""
    created_at: Timestamp
    updated_at: Timestamp
