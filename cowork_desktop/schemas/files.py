"""Files on the wire."""

from pydantic import MISSING

from cowork_desktop.schemas.base import (
    Body,
    FileName,
    LongLimit,
    Offset,
    Query,
    QueryText,
    Schema,
    StreamedForm,
    Timestamp,
    UploadedFile,
)
from cowork_desktop.schemas.texts import Passage, Progress, TextStatus


class File(Schema):
    id: str
    name: str
    """As it was given."""
    mime_type: str
    """What its bytes say that it is."""
    size: int
    """Bytes."""
    sha256: str
    project_id: str | None
    """Null: it belongs to a conversation alone, or to nothing."""
    conversation_id: str | None
    created_at: Timestamp
    text_status: TextStatus
    """`none`: a file of this type has no text; `partial`: not all of it could be read."""
    text_error: str | None
    """Why the text is missing or not whole."""
    text_progress: Progress | None
    """How far its text has been read, while it is."""


class FileForm(StreamedForm):
    file: UploadedFile
    """The file binary. Accepted: PDF, DOCX, XLSX, CSV, TXT, PNG, JPG, and more."""
    project_id: str | None = None
    """Attach to a project."""
    conversation_id: str | None = None
    """Attach to a conversation. Can be set alongside project_id."""


class FilePatch(Body):
    name: FileName | MISSING = MISSING
    """Copies for code keep the name that they have."""


class FileQuery(Query):
    project_id: QueryText | None = None
    """Filter to a project."""
    conversation_id: QueryText | None = None
    """Filter to a conversation."""
    limit: LongLimit = 1000
    offset: Offset = 0


class FileText(Schema):
    """The text of a file, passage by passage."""

    data: list[Passage]
    total: int
    """How many there are in all pages."""
    has_more: bool
    text_status: TextStatus
    text_error: str | None
