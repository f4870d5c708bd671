"""The operations of a document, with what they share already handed down to each of them.

Paths are known by their template with the names of variables left out, headers by their lower
case, and parameters of the path item count for each of its operations.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.swagger2 import counts
from guardrails.analysis.openapi.values import Json, listed, members, step

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
VARIABLE = re.compile(r"\{([^{}$]*)\}")  # `{$request.body#/url}` of a callback is none
_IGNORED_HEADERS = {"accept", "content-type", "authorization"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `kind` is `path`, `webhook` or `callback`; `key` aligns it with the other document's.

    `known_as` is what aligns a callback, whose name says nothing to who is called.
    """

    document: Document
    kind: str
    method: str
    path: str
    pointer: str
    raw: dict[str, Json]
    item: dict[str, Json] = field(default_factory=dict)
    known_as: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity across documents: kind, path without the names of its variables, method."""
        return (self.kind, VARIABLE.sub("{}", self.known_as or self.path), self.method)

    @property
    def is_unstable(self) -> bool:
        """Whether the document says that nobody may rely on the operation yet."""
        return str(self.raw.get("x-stability-level")) in {"draft", "alpha"}

    @property
    def is_deprecated(self) -> bool:
        """Whether clients were told that the operation will go."""
        return self.raw.get("deprecated") is True

    def parameters(self) -> "dict[tuple[str, str], Parameter]":
        """Return the parameters by place and name; those of the operation hide those of the path."""
        found: dict[tuple[str, str], Parameter] = {}
        variables = VARIABLE.findall(self.path)
        for place, raws in (("item", self.item.get("parameters")), ("own", self.raw.get("parameters"))):
            for index, raw in enumerate(listed(raws)):
                one = self.document.resolved(raw)
                name, where = one.get("name"), one.get("in")
                if not isinstance(name, str) or not isinstance(where, str):
                    continue
                base = self.pointer if place == "own" else self.pointer.rpartition("/")[0]
                parameter = Parameter(name, where, one, step(base, "parameters", index))
                identity = _identity(parameter, variables)
                if identity is not None:
                    found[identity] = parameter
        return _numbered(found, len(variables))

    def body(self) -> dict[str, Json]:
        """Return the request body object, empty when there is none."""
        return self.document.resolved(self.raw.get("requestBody"))

    def responses(self) -> dict[str, dict[str, Json]]:
        """Return the response objects by status, ranges as `4XX`."""
        found = members(self.raw.get("responses"))
        return {
            status.upper() if status != "default" else status: self.document.resolved(one)
            for status, one in found.items()
            if not status.startswith("x-")
        }

    def security(self) -> Json:
        """Return the security requirements that hold for the operation, None for none said."""
        return self.raw["security"] if "security" in self.raw else self.document.root.get("security")

    def callbacks(self) -> "Iterator[Operation]":
        """Yield the operations that the server calls on the client for this one."""
        for name, raw in members(self.raw.get("callbacks")).items():
            if name.startswith("x-"):
                continue
            for expression, item in self.document.resolved(raw).items():
                place = step(self.pointer, "callbacks", name, expression)
                path = f"{self.path} {name} {expression}"
                known_as = f"{self.known_as or self.path} {expression}"
                for one in _of_item(self.document, "callback", path, place, item):
                    yield replace(one, known_as=known_as)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it is written, its reference followed."""

    name: str
    place: str
    raw: dict[str, Json]
    pointer: str

    @property
    def is_required(self) -> bool:
        """Whether a request without it is refused."""
        return self.raw.get("required") is True or self.place == "path"

    @property
    def style(self) -> tuple[str, bool, bool]:
        """Return style, explode and allowReserved, OpenAPI's defaults filled in."""
        default = "form" if self.place in {"query", "cookie"} else "simple"
        style = self.raw.get("style")
        name = style if isinstance(style, str) else default
        explode = self.raw.get("explode")
        spread = explode if isinstance(explode, bool) else name in {"form", "cookie"}
        return (name, spread, self.raw.get("allowReserved") is True)

    def content(self) -> Mapping[str, Json]:
        """Return the media types of a parameter that is sent as a document, empty for the usual ones."""
        return members(self.raw.get("content"))


def _identity(parameter: Parameter, variables: list[str]) -> tuple[str, str] | None:
    if parameter.place == "header":
        lower = parameter.name.lower()
        is_ignored = lower in _IGNORED_HEADERS and not counts(parameter.raw)
        return None if is_ignored else ("header", lower)
    if parameter.place == "path" and parameter.name in variables:
        return ("path", str(variables.index(parameter.name)))
    return (parameter.place, parameter.name)


def _numbered(found: dict[tuple[str, str], Parameter], variables: int) -> dict[tuple[str, str], Parameter]:
    """Give path parameters that no variable names the places that are left, in order."""
    free = [str(index) for index in range(variables) if ("path", str(index)) not in found]
    stray = [key for key in found if key[0] == "path" and not key[1].isdecimal()]
    moved = dict(zip(stray, free, strict=False))
    return {("path", moved[key]) if key in moved else key: one for key, one in found.items()}


def matching_status(status: str, after: Mapping[str, object]) -> str | None:
    """Return the entry of `after` that describes answers of a status, or of a part of a range."""
    within = [one for one in after if status.endswith("XX") and one[:1] == status[:1]]
    ranges = (status, f"{status[:1]}XX", *within, "default")
    return next((one for one in ranges if one in after), None)


def by_operation_id(operations: Iterable[Operation]) -> dict[str, Operation]:
    """Return the operations that have an `operationId`, by it."""
    return {name: one for one in operations if isinstance(name := one.raw.get("operationId"), str)}


def operations_of(document: Document) -> Iterator[Operation]:
    """Yield the operations of all paths, then of all webhooks."""
    for path, item in members(document.root.get("paths")).items():
        if path.startswith("/") or not path.startswith("x-"):
            yield from _of_item(document, "path", path, step("", "paths", path), item)
    for name in ("webhooks", "x-webhooks"):
        for path, item in members(document.root.get(name)).items():
            yield from _of_item(document, "webhook", path, step("", name, path), item)


def _of_item(document: Document, kind: str, path: str, pointer: str, raw: Json) -> Iterator[Operation]:
    siblings = {name: one for name, one in members(raw).items() if name != "$ref"}
    item = {**document.resolved(raw), **siblings}
    for method in METHODS:
        if isinstance(item.get(method), dict):
            yield Operation(document, kind, method, path, step(pointer, method), members(item[method]), item)
    for method, one in members(item.get("additionalOperations")).items():
        if isinstance(one, dict):
            place = step(pointer, "additionalOperations", method)
            yield Operation(document, kind, method.lower(), path, place, one, item)
