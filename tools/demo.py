"""Shows Cowork at work: a server is started, a table uploaded and summarised; says where to see it all.

Standard library alone. Exits with 0 only where there were cells with a chart, and a report.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "assets" / "demo" / "sales.csv"
QUESTION = "Summarise this data"
_END_SECONDS = 10
_SILENCE_SECONDS = 120
"""The stream has a comment every 15 seconds of silence."""


def main() -> int:
    arguments = _arguments()
    with _data_folder(arguments.data_dir) as folder, _server(folder) as (url, process):
        is_whole = _show(Api(f"{url}/api/v1"))
        if sys.stdout.isatty():
            gone = (
                ""
                if arguments.data_dir
                else " Its data are deleted then; `make demo DATA=folder` keeps them."
            )
            _say(f"\nThe server runs until Ctrl-C.{gone}")
            with suppress(KeyboardInterrupt):
                process.wait()
    return 0 if is_whole else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the data folder; else one that is deleted at the end")
    return parser.parse_args()


class Api:
    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> Any:
        return self._json(urllib.request.Request(self.url + path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._json(self._with_json(path, body))

    def upload(self, file: Path, **fields: str) -> Any:
        """Send a file as a form, with these fields beside it."""
        boundary = "cowork-demo-boundary"
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        head = f'name="file"; filename="{file.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + file.read_bytes())
        start = f"--{boundary}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(start + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._json(urllib.request.Request(f"{self.url}/files", body, headers))

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The events that answer a request, as they come."""
        with urllib.request.urlopen(self._with_json(path, body), timeout=_SILENCE_SECONDS) as response:
            for line in response:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def _with_json(self, path: str, body: dict[str, Any]) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        return urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)

    def _json(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


def _show(api: Api) -> bool:
    """Have the table summarised, and tell each step. Returns whether all that was to come of it did."""
    conversation = api.post("/conversations", {"title": "Demo"})
    file = api.upload(TABLE, conversation_id=conversation["id"])
    _say(f"Uploaded {file['name']} ({file['size']:,} bytes). Asking: {QUESTION}\n")
    told = Telling(api)
    body = {"conversation_id": conversation["id"], "input": QUESTION, "stream": True}
    for event in api.stream("/responses", body):
        told.take(event)
    return _tell_results(api, conversation["id"], told)


class Telling:
    """Tells a turn's events to people."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.artifacts: list[dict[str, Any]] = []
        self.is_completed = False
        self._steps = 0
        self._is_in_text = False

    def take(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "response.output_text.delta":
            _say(event["delta"] if self._is_in_text else f"\n{event['delta']}", end="")
            self._is_in_text = True
            return
        if self._is_in_text and kind != "response.output_text.done":
            _say("")
            self._is_in_text = False
        if kind == "response.tool_call.done":
            self._tell_call(event["call"])
        elif kind == "response.artifact.created":
            self.artifacts.append(event["artifact"])
        elif kind == "response.approval.requested":
            self._refuse(event)
        elif kind in ("response.completed", "response.failed"):
            self._tell_end(event["response"])

    def _tell_call(self, call: dict[str, Any]) -> None:
        self._steps += 1
        seconds = f"{call['seconds']:6.2f} s" if call["seconds"] is not None else "        "
        mark = "" if call["status"] == "success" else f"  FAILED: {call['output'].strip()[-300:]}"
        _say(f"{self._steps:3}  {call['name']:20} {seconds}  {_about(call['arguments'])}{mark}")

    def _refuse(self, event: dict[str, Any]) -> None:
        """Nobody is asked here, so nothing that would have to be allowed is."""
        approval = event["approval"]
        _say(f"     asked for, and refused here: {approval.get('summary') or approval['id']}")
        with suppress(urllib.error.HTTPError):
            self._api.post(
                f"/responses/{event['response_id']}/approvals/{approval['id']}", {"decision": "deny"}
            )

    def _tell_end(self, response: dict[str, Any]) -> None:
        self.is_completed = response["status"] == "completed"
        _say(f"\nAnswered by {response['provider']} ({response['model']}).")
        if response["error"]:
            _say(f"The turn failed: {response['error']['message']}")


def _about(arguments: dict[str, Any]) -> str:
    """What a call does, in some words: the first line of its code, or its first argument."""
    value = str(next(iter(arguments.values()), ""))
    line = next((line for line in value.splitlines() if line.strip()), "")
    return line.lstrip("# ")[:90]


def _tell_results(api: Api, conversation_id: str, told: Telling) -> bool:
    _say("\nWhere to see it:")
    _say(f"  conversation  {api.url}/conversations/{conversation_id}/items")
    charts = 0
    for found in api.get(f"/scratchpads?conversation_id={conversation_id}")["data"]:
        pad = api.get(f"/scratchpads/{found['id']}")
        outputs = [output for cell in pad["cells"] for output in cell.get("outputs") or []]
        drawn = sum(output["mime"].startswith("image/") for output in outputs)
        ran = sum(cell["type"] == "code" and cell["status"] == "success" for cell in pad["cells"])
        _say(f"  scratchpad    {api.url}/scratchpads/{pad['id']}/export?format=html")
        _say(f"                {ran} cells, {drawn} charts")
        charts += drawn
    reports = {one["artifact_id"]: one for one in told.artifacts if one["artifact_type"] == "report"}
    for report in reports.values():
        _say(f"  report        {_serve_url(api, report['artifact_id'])}\n                {report['title']}")
    is_whole = told.is_completed and charts > 0 and bool(reports)
    if not is_whole:
        _say(f"\nNot all is there: {charts} charts and {len(reports)} reports.")
    return is_whole


def _serve_url(api: Api, artifact_id: str) -> str:
    artifact = api.get(f"/artifacts/{artifact_id}")
    query = urllib.parse.urlencode({"path": artifact["path"], "project_id": artifact["project_id"]})
    return str(api.get(f"/artifacts/preview?{query}")["serve_url"])


@contextmanager
def _data_folder(chosen: Path | None) -> Iterator[Path]:
    if chosen:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="cowork-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _server(data_folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server on a free port, and its address; it is ended at the end."""
    command = [sys.executable, "-m", "cowork_desktop", "serve", "--port", "0", "--no-open"]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(data_folder)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert process.stdout
            ready = process.stdout.readline()
            if not ready:
                log.seek(0)
                raise SystemExit(f"The server did not start:\n{log.read()[-2_000:]}")
            yield json.loads(ready)["url"], process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate() if os.name == "nt" else process.send_signal(signal.SIGINT)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
