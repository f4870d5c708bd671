"""What a document forbids in a request, as far as its schemas tell: so that a witness of leniency keeps it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, unquote

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation, Parameter
from guardrails.analysis.openapi.schemas.normal import Side, Universe
from guardrails.analysis.openapi.schemas.validators import Validators
from guardrails.analysis.openapi.values import Json
from guardrails.gates.contract.replay.scripts.lines import label_of
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.ports import Request
from guardrails.payload.binding import value_at

_VARIABLE = re.compile(r"\\\{([^{}]*)\\\}")


class Forbidden:
    """Finds the places of requests that break one document."""

    def __init__(self, document: Document, operations: Sequence[Operation]) -> None:
        self._operations = {label_of(one): one for one in operations}
        self._universe = Universe(document, Side.TARGET, request=True)
        self._validators = Validators(self._universe)

    def places(self, label: str, request: Request) -> frozenset[str]:
        """Return each place of a request to `METHOD /path` that surely breaks its schema, or is missing."""
        operation = self._operations.get(label)
        if operation is None:
            return frozenset()
        return frozenset((*self._of_parameters(operation, request), *self._of_body(operation, request)))

    def _of_parameters(self, operation: Operation, request: Request) -> Iterator[str]:
        given = _given(operation, request)
        for one in operation.parameters().values():
            name = one.name.lower() if one.place == "header" else one.name
            texts = given.get(one.place, {}).get(name)
            if texts is None:
                if one.is_required and one.place in given:
                    yield f"{one.place} {one.name} missing"
            elif not any(PLACEHOLDER in text for text in texts) and not self._takes(one, texts):
                yield f"{one.place} {one.name}"

    def _takes(self, parameter: Parameter, texts: Sequence[str]) -> bool:
        schema = parameter.raw.get("schema")
        if not isinstance(schema, dict):
            return True
        node = self._universe.node(schema)
        if not self._validators.can_judge((node,)):
            return True
        values: list[Json] = [one for text in texts[-1:] for one in _readings(text)]
        lists = [list(texts), *(text.split(",") for text in texts[-1:])]
        values += [[one for text in items for one in _readings(text)[-1:]] for items in lists]
        values += [list[Json](items) for items in lists]
        return any(self._validators.accepts((node,), one) for one in values)

    def _of_body(self, operation: Operation, request: Request) -> Iterator[str]:
        contents = content_of(operation.body())
        media = next((name for name in contents if "json" in name), "")
        if not media:
            return
        if not request.body:
            if operation.body().get("required") is True:
                yield "body missing"
            return
        try:
            value = json.loads(request.body)
        except (ValueError, RecursionError):
            yield "body no JSON"
            return
        raw = schema_of(contents[media])
        node = self._universe.node(raw if isinstance(raw, dict | bool) else {})
        if self._validators.can_judge((node,)) and not self._validators.accepts((node,), value):
            found = self._validators.refusals((node,), value)
            yield from (
                f"body {one.pointer} {one.keyword}" for one in found if not _is_used(value, one.pointer)
            )


def _is_used(value: Json, pointer: str) -> bool:
    """Whether an earlier answer gives what stands at a place of a body."""
    found = value_at(json.dumps(value).encode(), pointer)
    return isinstance(found, str) and PLACEHOLDER in found


def _given(operation: Operation, request: Request) -> dict[str, Mapping[str, list[str]]]:
    """Return the texts of a request's parameters by place and name; cookies are not looked at."""
    path, _, query = request.path.partition("?")
    found: dict[str, list[str]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(text)
    escaped = re.escape(operation.path)
    names = [re.sub(r"\\(.)", r"\1", name) for name in _VARIABLE.findall(escaped)]
    matched = re.fullmatch(_VARIABLE.sub("([^/]*)", escaped), path)
    in_path = dict(zip(names, matched.groups() if matched else (), strict=False))
    return {
        "query": found,
        "header": {name: [text] for name, text in request.headers},
        "path": {name: [unquote(text)] for name, text in in_path.items()},
    }


def _readings(text: str) -> list[Json]:
    """Return a text, and the number, truth or null that it spells."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return [text, value] if isinstance(value, bool | int | float | None) else [text]
