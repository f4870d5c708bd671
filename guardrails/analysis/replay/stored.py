"""Requests that were stored: failures that were kept, and traffic that was recorded, as NDJSON or HAR.

Read from base's blobs. What a file cannot give is left out and named, and the rest still counts.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request, Step, Tree, Use

_MOST_BYTES = 16 << 20
_MOST_REQUESTS = 2000
_UNSENT = frozenset(
    {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent"}
)


@frozen
class Stored:
    """Steps of one file, which belong together when they are `dependent`; `name` is the file's path."""

    name: str
    steps: tuple[Step, ...]
    dependent: bool


class StoredError(CannotJudge):
    """A file of stored requests cannot be used; the text names the file and what is wrong with it."""


def stored_in(tree: Tree, folder: str) -> tuple[list[Stored], list[StoredError]]:
    """Return the usable files under a folder, by path, and what is wrong with the others."""
    endings = (".yaml", ".yml", ".har", ".ndjson")
    paths = sorted(
        path for path in tree.entries() if path.startswith(f"{folder}/") and path.endswith(endings)
    )
    contents = tree.read_many(paths)
    good: list[Stored] = []
    bad: list[StoredError] = []
    for path in paths:
        try:
            good.append(_read(path, contents.get(path, b"")))
        except StoredError as error:
            bad.append(error)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            bad.append(
                StoredError(
                    f"{path}: {type(error).__name__} {str(error)[:80]!a}; write it as the recorder does"
                )
            )
    return good, bad


def _read(path: str, content: bytes) -> Stored:
    if len(content) > _MOST_BYTES:
        raise StoredError(f"{path}: longer than {_MOST_BYTES >> 20} MiB; split the file")
    if path.endswith((".yaml", ".yml")):
        return Stored(path, tuple(_kept(path, content)), dependent=True)
    records = (
        _har(content)
        if path.endswith(".har")
        else (json.loads(line) for line in content.splitlines() if line)
    )
    steps = [_step(one) for _, one in zip(range(_MOST_REQUESTS), records, strict=False)]
    return Stored(path, tuple(steps), dependent=False)


def _har(content: bytes) -> Iterator[Mapping[str, object]]:
    for entry in json.loads(content)["log"]["entries"]:
        request = entry["request"]
        parts = urlsplit(request["url"])
        yield {
            "method": request["method"],
            "path": parts.path + (f"?{parts.query}" if parts.query else ""),
            "headers": {one["name"]: one["value"] for one in request.get("headers", [])},
            "body": request.get("postData", {}).get("text", ""),
        }


def _step(record: Mapping[str, object], uses: tuple[Use, ...] = (), unsent: frozenset[str] = _UNSENT) -> Step:
    method, path, headers = record["method"], record["path"], record.get("headers", {})
    if not isinstance(method, str) or not isinstance(path, str) or not path.startswith("/"):
        raise TypeError("a request needs a method and a path")
    if not isinstance(headers, dict):
        raise TypeError("headers must be a mapping")
    pairs = tuple(
        sorted(
            (str(name).lower(), str(value))
            for name, value in headers.items()
            if str(name).lower() not in unsent
        )
    )
    body = record.get("body") or ""
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False)
    raw = (
        base64.b64decode(body)
        if record.get("encoding") == "base64"
        else body.encode("utf-8", "surrogatepass")
    )
    return Step(Request(method.upper(), path, pairs, raw), uses)


def _kept(path: str, content: bytes) -> Iterator[Step]:
    data = _loaded(path, content)
    given: dict[str, tuple[int, str]] = {}
    if not isinstance(data, dict) or not isinstance(data.get("requests"), list):
        raise StoredError(f"{path}: no list of `requests`; `guardrails contract keep` writes such files")
    for index, one in enumerate(data["requests"]):
        text = f"{one['path']}{one.get('body', '')}"
        uses = tuple(Use(name, *place) for name, place in given.items() if name in text)
        yield _step(one, uses, _UNSENT - {"user-agent"})  # a failure may need the client that met it
        given |= {name: (index, pointer) for name, pointer in (one.get("gives") or {}).items()}


def _loaded(path: str, content: bytes) -> object:
    """Return what a file holds: JSON, as we write it, which may hold letters that YAML forbids, or YAML."""
    try:
        found: object = json.loads(content)
    except ValueError:
        pass
    else:
        return found
    import yaml  # noqa: PLC0415 - 20 ms that a run without stored failures need not pay

    try:
        return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loaders both
    except yaml.YAMLError as error:
        raise StoredError(f"{path}: not YAML ({str(error).splitlines()[0]}); mend the file") from error
