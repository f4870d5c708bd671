"""Stored scenarios: what is asked, and which constraints its answer must keep. Read from base's blobs."""

import hashlib
import json

from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request, Tree

_MOST_BYTES = 1 << 20


@frozen
class Scenario:
    """One request whose answer is compared; `digest` identifies the request, not the expectation."""

    name: str
    path: str
    method: str
    target: str
    body: bytes
    tags: tuple[str, ...]
    constraints: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def request(self) -> Request:
        """The HTTP request, with an id that derives from the scenario's name."""
        headers = (("content-type", "application/json"), ("x-request-id", self.name[:64]))
        return Request(self.method, self.target, headers, self.body)

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked, hex."""
        parts = (self.name.encode(), self.method.encode(), self.target.encode(), self.body)
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


class ScenarioError(CannotJudge):
    """A scenario file cannot be used; the text names the file and what is wrong with it."""


def scenarios_in(tree: Tree, folder: str) -> tuple[list[Scenario], list[ScenarioError]]:
    """Return the usable scenarios under `folder` of `tree`, by path, and what is wrong with the others."""
    paths = sorted(
        path for path in tree.entries() if path.startswith(f"{folder}/") and path.endswith((".yaml", ".yml"))
    )
    contents = tree.read_many(paths)
    good: dict[str, Scenario] = {}
    bad: list[ScenarioError] = []
    for path in paths:
        try:
            one = _parsed(path, contents.get(path, b""))
            if one.name in good:
                raise ScenarioError(
                    f"{path}: scenario {one.name!r} is also in {good[one.name].path}; rename one"
                )
            good[one.name] = one
        except ScenarioError as error:
            bad.append(error)
    return list(good.values()), bad


def _parsed(path: str, content: bytes) -> Scenario:
    import yaml  # noqa: PLC0415 - 20 ms that a run without goldens need not pay

    if len(content) > _MOST_BYTES:
        raise ScenarioError(f"{path}: larger than {_MOST_BYTES} bytes; split the scenario")
    try:
        data = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loaders both
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path}: not YAML ({str(error).splitlines()[0]}); mend the file") from error
    if not isinstance(data, dict) or not isinstance(data.get("request"), dict):
        raise ScenarioError(f"{path}: no `request:` mapping; give operation and body")
    request = data["request"]
    words = str(request.get("operation", "")).split(" ")
    if len(words) != 2 or not words[1].startswith("/"):  # noqa: PLR2004 - a method and a path
        raise ScenarioError(f"{path}: operation must read like `POST /v1/things:rank`")
    expect = data.get("expect")
    order = expect.get("order", []) if isinstance(expect, dict) else []
    return Scenario(
        name=str(data.get("scenario", path.rpartition("/")[2].rpartition(".")[0])),
        path=path,
        method=words[0],
        target=words[1],
        body=json.dumps(request.get("body"), sort_keys=True).encode() if "body" in request else b"",
        tags=_texts(data.get("tags")),
        constraints=_texts(data.get("constraints")),
        expected=_texts(order),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
