"""Whether a value fits schemas, and why not: by compiled validators."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.shapes import Conjunction
from guardrails.analysis.openapi.values import Json, Node, step
from guardrails.model.errors import ToolMissing

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator as Validator

_MOST_VALIDATORS = 256
_MOST_TEXT = 2**23
"""Characters of the schemas whose validators are kept; each may hold half a document."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A value that the source sends and the target refuses: at which place in it, by which keyword, and why."""

    value: Json
    pointer: str
    keyword: str
    reason: str


class Compiler:
    """Compiles schemas, and keeps the latest by what they say: the same one stands at many places."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[int, Validator | None]] = {}
        self._size = 0

    def compiled(self, schema: Node) -> "Validator | None":
        """Return a validator, or None where the schema cannot be compiled; raise ToolMissing."""
        # In the order in which it is written: refusals come in that order.
        text = json.dumps(schema).encode("ascii")
        key = hashlib.blake2b(text, digest_size=16).digest()
        if key in self._kept:
            kept = self._kept.pop(key)
        else:
            kept = len(text), _compiled(schema)
            self._size += len(text)
            while self._kept and self._size > _MOST_TEXT:
                self._size -= self._kept.pop(next(iter(self._kept)))[0]
        self._kept[key] = kept
        return kept[1]


class Validators:
    """Validators of one side's schemas, the latest used.

    compiler  what compiles them; who compares two documents shares one, as most of their schemas are the same
    """

    def __init__(self, universe: Universe, compiler: Compiler | None = None) -> None:
        self._universe = universe
        self._compiler = compiler or Compiler()
        self._made: dict[tuple[int, ...], tuple[Conjunction, Validator | None]] = {}

    def accepts(self, nodes: Conjunction, value: Json) -> bool:
        """Whether the value fits all nodes; False where the schemas cannot be compiled."""
        if not any(nodes):
            return True
        validator = self._validator(nodes)
        return validator is not None and validator.is_valid(value)

    def refusals(self, nodes: Conjunction, value: Json) -> list[Witness]:
        """Return why the value does not fit, innermost reasons first."""
        validator = self._validator(nodes)
        if validator is None:
            return []
        found = [
            _refusal(value, list(error.instance_path), list(map(str, error.schema_path)), error.message)
            for error in validator.iter_errors(value)
        ]
        return sorted(found, key=lambda one: -one.pointer.count("/"))

    def reason(self, nodes: Conjunction, value: Json) -> str:
        """Return the place and keyword of the first refusal, empty where there is none."""
        found = self.refusals(nodes, value)
        return f"{found[0].pointer} {found[0].keyword}" if found else ""

    def can_judge(self, nodes: Conjunction) -> bool:
        """Whether the schemas can be compiled."""
        return self._validator(nodes) is not None

    def _validator(self, nodes: Conjunction) -> "Validator | None":
        key = tuple(map(id, nodes))
        made = self._made.pop(key, None)
        if made is None:
            made = nodes, self._compiler.compiled(standalone(self._universe, nodes))
            if len(self._made) >= _MOST_VALIDATORS:
                del self._made[next(iter(self._made))]
        self._made[key] = made
        return made[1]


def _refusal(value: Json, place: list[str | int], path: list[str], message: str) -> Witness:
    """Return a refusal; what a schema that takes nothing refuses is told by the keyword that leads to it."""
    if path[-1] == "not" and message.startswith("{} is not allowed"):
        name = place[-1] if place else ""  # a property without a name has no step of its own
        if path[-2:-1] == ["additionalProperties"]:
            reason = f"{name!a} is sent, and no other properties than the declared ones are taken"
            return Witness(value, step("", *place[:-1]), "additionalProperties", reason)
        if path[-2:-1] == ["items"]:
            return Witness(value, step("", *place[:-1]), "items", "more items are sent than are described")
        message = f"{name!a} is sent and must not be"
    return Witness(value, step("", *place), path[-1], message)


def _compiled(schema: Node) -> "Validator | None":
    try:
        import jsonschema_rs  # noqa: PLC0415 - gates load without it; only a real comparison needs it
    except ImportError as error:
        raise ToolMissing(
            "jsonschema-rs is not installed; install guardrails-harness with its `contract` extra"
        ) from error
    try:
        return jsonschema_rs.Draft202012Validator(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None


def standalone(universe: Universe, nodes: Conjunction) -> Node:
    """Return one schema of all nodes with every definition they need."""
    definitions: Node = {}
    left = {key for node in nodes for key in universe.references(node)}
    while left:
        key = left.pop()
        name = key.rpartition("/")[2]
        if name not in definitions:
            definitions[name] = universe.at(key)
            left |= universe.references(universe.at(key))
    schema: Node = {"allOf": list[Json](nodes)}
    return {**schema, "$defs": definitions} if definitions else schema
