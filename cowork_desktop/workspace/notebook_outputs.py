"""The conversion between an output of a scratchpad and one of a notebook of nbformat 4."""

from collections.abc import Sequence
from typing import Any

from cowork_desktop.schemas.mime_bundles import TEXT, from_bundle, to_bundle
from cowork_desktop.schemas.scratchpads import Output, OutputKind

_NOTICE = {"kind": "notice"}


def from_nb(nb_output: dict[str, Any]) -> Output:
    """The output that a valid one of nbformat 4.5 is."""
    match nb_output["output_type"]:
        case "stream":
            name = "stderr" if nb_output["name"] == "stderr" else "stdout"
            text = nb_output["text"]
            return Output(mime=TEXT, data="".join(text), kind="stream", name=name)  # text, or a list of lines
        case "error":
            names = {"ename": nb_output["ename"], "evalue": nb_output["evalue"]}
            return Output(mime=TEXT, data="\n".join(nb_output["traceback"]), kind="error", metadata=names)
        case type:
            mime, data, alternatives = from_bundle(nb_output["data"])
            kind: OutputKind = "result" if type == "execute_result" else "display"
            metadata = dict(nb_output["metadata"])
            if kind == "display" and metadata.get("cowork") == _NOTICE:
                kind = "notice"
                del metadata["cowork"]
            count = nb_output.get("execution_count")
            return Output(
                mime=mime,
                data=data,
                kind=kind,
                alternatives=alternatives,
                metadata=metadata,
                execution_count=None if count is None else int(count),
            )


def to_nb(output: Output) -> dict[str, Any]:
    """A valid output of nbformat 4.5; a `display_id` has no place in it."""
    data = output.data if isinstance(output.data, str) else str(to_bundle(TEXT, output.data, {})[TEXT])
    if output.kind == "stream":
        return {"output_type": "stream", "name": output.name or "stdout", "text": data}
    if output.kind == "error":
        names = {name: str(output.metadata.get(name, "")) for name in ("ename", "evalue")}
        return {"output_type": "error", **names, "traceback": data.split("\n") if data else []}
    nb_output: dict[str, Any] = {
        "output_type": "execute_result" if output.kind == "result" else "display_data",
        "data": to_bundle(output.mime, output.data, output.alternatives),
        "metadata": output.metadata,
    }
    if output.kind == "notice":
        nb_output["metadata"] = {**output.metadata, "cowork": _NOTICE}
    if output.kind == "result":
        count = output.execution_count
        nb_output["execution_count"] = count if count is not None and count >= 0 else None
    return nb_output


def error_of(outputs: Sequence[Output]) -> str | None:
    """What the last error among them says, as a cell's `error`; None without one."""
    errors = [output.metadata for output in outputs if output.kind == "error"]
    if not errors:
        return None
    name, value = errors[-1].get("ename", ""), errors[-1].get("evalue", "")
    return f"{name}: {value}" if value else str(name)
