"""The tool that sends a mail."""

import hashlib
import json
import mimetypes
from pathlib import PurePosixPath

from pydantic import Field

from cowork_desktop.agent.tools.connections import CONNECTION, failures_told, opened
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext
from cowork_desktop.connectors.drivers.driver import Attachment, Mail
from cowork_desktop.schemas.conversations import QueryLink

_SECONDS = 120.0


class SendEmail(Arguments):
    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    to: list[str] = Field(min_length=1, max_length=100, description="Addresses, one each.")
    cc: list[str] = Field(default_factory=list, max_length=100, description="Who gets a copy, too.")
    bcc: list[str] = Field(
        default_factory=list, max_length=100, description="Who gets a copy that the others are not told of."
    )
    subject: str = Field(min_length=1, max_length=500, description="In one line.")
    text: str = Field(min_length=1, max_length=200_000, description="The mail as plain text.")
    html: str | None = Field(
        default=None, max_length=500_000, description="The same as HTML, if it needs that."
    )
    reply_to: str | None = Field(
        default=None, max_length=320, description="Where answers are to go, if not to the sender."
    )
    attachments: list[str] = Field(
        default_factory=list, max_length=20, description="Paths of files in the working folder."
    )


async def _demand(context: ToolContext, arguments: SendEmail) -> Demand:
    live = await opened(context, arguments.connection, "email")
    everybody = [*arguments.to, *arguments.cc, *arguments.bcc]
    files = f", with {', '.join(arguments.attachments)}" if arguments.attachments else ""
    # To allow one mail always is to allow others to the same people; none with files.
    same = sorted(set(everybody)) if not arguments.attachments else [arguments.model_dump_json()]
    return Demand(
        "outside",
        subject=f"{live.connection.id} {hashlib.sha256(json.dumps(same).encode()).hexdigest()}",
        summary=f"Send {arguments.subject!r} to {', '.join(everybody)} from {live.connection.name}{files}",
        about=live.identity,
    )


async def _run(context: ToolContext, arguments: SendEmail) -> Outcome:
    live = await opened(context, arguments.connection, "email")
    mail = Mail(
        to=arguments.to,
        cc=arguments.cc,
        bcc=arguments.bcc,
        subject=arguments.subject,
        text=arguments.text,
        html=arguments.html,
        reply_to=arguments.reply_to,
        attachments=[await _attachment(context, path) for path in arguments.attachments],
    )
    with failures_told(live.connection.name):
        message_id = await live.send(mail)
    count = len(arguments.to) + len(arguments.cc) + len(arguments.bcc)
    link = QueryLink(connection_id=live.connection.id, name=live.connection.name, query=arguments.subject)
    return Outcome(f"Sent to {count} recipients; its Message-ID is {message_id}.", links=[link])


async def _attachment(context: ToolContext, path: str) -> Attachment:
    path = path.removeprefix("./")
    content = await context.means.project_files.read(context.project_id, path)
    mime_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Attachment(PurePosixPath(path).name, mime_type, content)


TOOL = Tool(
    name="send_email",
    description=(
        "Send a mail by a connection for that. The user sees it all and is asked first. Attach files of the"
        " working folder by their paths. Returns the Message-ID."
    ),
    input=SendEmail,
    run=_run,
    demand=_demand,
    timeout_seconds=_SECONDS,
    is_offered=lambda situation: "email" in situation.connections_for,
)
