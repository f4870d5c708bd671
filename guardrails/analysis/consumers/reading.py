"""Consumers of a service, from `uses` files (YAML) and from Pact files (JSON, versions 2 to 4).

A Pact speaks for one consumer by examples: what its answers hold is what the consumer reads.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request, Tree

_MOST_BYTES = 8 << 20
_DEEPEST = 40
_OK = range(200, 300)


@frozen
class UsedOperation:
    """One operation (`METHOD /path`), the fields of its answer that are read, and of its request that are sent."""

    operation: str
    reads: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()


@frozen
class Interaction:
    """One example of a pact: what is asked, and the status and body that the consumer counts on."""

    about: str
    request: Request
    status: int
    body: object = None
    has_body: bool = False


@frozen
class Consumer:
    """One client of a service; `path` is the file that speaks for it."""

    name: str
    owner: str
    versions: tuple[str, ...]
    uses: tuple[UsedOperation, ...]
    interactions: tuple[Interaction, ...] = ()
    path: str = ""

    @property
    def label(self) -> str:
        """The name, with whom to ask."""
        return f"{self.name} ({self.owner})" if self.owner else self.name


class ConsumerError(CannotJudge):
    """A consumer file cannot be used; the text names the file and what is wrong with it."""


def consumers_in(tree: Tree, folder: str) -> tuple[list[Consumer], list[ConsumerError]]:
    """Return the consumers under a folder, by path, and what is wrong with the other files."""
    endings = (".yaml", ".yml", ".json")
    paths = sorted(
        path for path in tree.entries() if path.startswith(f"{folder}/") and path.endswith(endings)
    )
    contents = tree.read_many(paths)
    good: list[Consumer] = []
    bad: list[ConsumerError] = []
    for path in paths:
        try:
            good.append(consumer_in(path, contents.get(path, b"")))
        except ConsumerError as error:
            bad.append(error)
    return good, bad


def consumer_in(path: str, content: bytes) -> Consumer:
    """Return the consumer that one file speaks for; raises ConsumerError."""
    if len(content) > _MOST_BYTES:
        raise ConsumerError(f"{path}: longer than {_MOST_BYTES >> 20} MiB; split the file")
    try:
        return _pact(path, json.loads(content)) if path.endswith(".json") else _uses(path, content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__} {str(error)[:80]!a}"
        raise ConsumerError(f"{path}: it says nothing that can be read ({what}); mend the file") from error


def _uses(path: str, content: bytes) -> Consumer:
    import yaml  # noqa: PLC0415 - 20 ms that a service without consumers need not pay

    try:
        data = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loaders both
    except yaml.YAMLError as error:
        raise ConsumerError(f"{path}: not YAML ({str(error).splitlines()[0]}); mend the file") from error
    uses = tuple(
        UsedOperation(_operation(one["operation"]), _pointers(one.get("reads")), _pointers(one.get("sends")))
        for one in data["uses"]
    )
    if not uses:
        raise ConsumerError(
            f"{path}: `uses` is empty; name the operations that are called, or delete the file"
        )
    return Consumer(
        str(data["consumer"]),
        str(data.get("owner", "")),
        tuple(map(str, data.get("versions", ()))),
        uses,
        path=path,
    )


def _operation(text: object) -> str:
    method, _, path = str(text).partition(" ")
    if not method.isalpha() or not path.startswith("/"):
        raise ValueError(f"operation {text!r} must read like `POST /things`")
    return f"{method.upper()} {path}"


def _pointers(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one[:1] in {"", "/"} for one in value):
        raise TypeError("reads and sends are lists of JSON pointers")
    return tuple(value)


def _pact(path: str, data: Mapping[str, object]) -> Consumer:
    raw, named = data["interactions"], data["consumer"]
    if not isinstance(raw, list) or not isinstance(named, dict):
        raise TypeError("a pact needs `consumer` and `interactions`")
    asked = [
        one
        for one in raw
        if isinstance(one, dict) and "request" in one and isinstance(one.get("response"), dict)
    ]
    interactions = tuple(_interaction(one) for one in asked)
    uses = tuple(
        UsedOperation(
            f"{one.request.method} {one.request.path.partition('?')[0]}",
            tuple(leaves(one.body)) if one.status in _OK and one.has_body else (),
            tuple(leaves(_json(one.request.body))),
        )
        for one in interactions
    )
    return Consumer(str(named["name"]), "", (), uses, interactions, path)


def _interaction(raw: Mapping[str, Mapping[str, object]]) -> Interaction:
    request, response = raw["request"], raw["response"]
    query = request.get("query")
    headers = request.get("headers")
    pairs = headers.items() if isinstance(headers, dict) else ()
    body = _content(request.get("body"))
    sent = tuple(sorted((str(name).lower(), _first(value)) for name, value in pairs))
    if body is not None and not any(name == "content-type" for name, _ in sent):
        sent = (*sent, ("content-type", "application/json"))
    sent_body = json.dumps(body).encode() if body is not None else b""
    target = str(request["path"]) + (f"?{_query(query)}" if query else "")
    status = response.get("status", 200)
    return Interaction(
        str(raw.get("description", "")),
        Request(str(request.get("method", "get")).upper(), target, sent, sent_body),
        status if isinstance(status, int) else 200,
        _content(response.get("body")),
        "body" in response,
    )


def _content(body: object) -> object:
    """Return the body itself; version 4 wraps it with its media type."""
    return body["content"] if isinstance(body, dict) and "content" in body and "contentType" in body else body


def _query(query: object) -> str:
    if isinstance(query, dict):
        return "&".join(f"{name}={one}" for name, value in query.items() for one in _listed(value))
    return str(query)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _first(value: object) -> str:
    return ", ".join(str(one) for one in _listed(value))


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def leaves(value: object, place: str = "", depth: int = 0) -> Iterator[str]:
    """Yield a pointer to every field of a JSON value, list indexes as `*`, each once for a list."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, one in value.items():
            inner = f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield inner
            yield from leaves(one, inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        found: dict[str, None] = {}
        for one in value:
            found |= dict.fromkeys(leaves(one, f"{place}/*", depth + 1))
        yield from found
