"""A second opinion on each witness, by a validator that shares no code with the first.

Patterns are matched in linear time, because Python's own engine can be made to search for ever.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Protocol

from guardrails.analysis.openapi.schemas.automata import matches
from guardrails.analysis.openapi.schemas.patterns import Irregular
from guardrails.analysis.openapi.values import Json, Node
from guardrails.model.errors import ToolMissing


class _Validator(Protocol):
    def is_valid(self, value: Json) -> bool:
        """Whether the value fits the schema."""

    def iter_errors(self, value: Json) -> Iterator[Exception]:
        """Yield what is wrong with the value."""

    def evolve(self, *, schema: Node) -> "_Validator":
        """Return the validator for another schema beside this one."""


def agrees(schema: Node, value: Json, *, fits: bool) -> bool:
    """Whether the second validator, too, finds that the value fits the schema, or that it does not."""
    try:
        return _validator()(schema).is_valid(value) is fits
    except (Irregular, RecursionError, OverflowError):
        return False


@cache
def _validator() -> Callable[[Node], _Validator]:
    try:
        # Only a break that was found needs it, and importing it takes a tenth of a second.
        module, validators = import_module("jsonschema"), import_module("jsonschema.validators")
    except ImportError as error:
        raise ToolMissing(
            "jsonschema is not installed; install guardrails-harness with its `contract` extra"
        ) from error
    wrong: Callable[[str], Exception] = module.ValidationError

    def pattern(one: _Validator, wanted: str, value: Json, schema: Node) -> Iterator[Exception]:
        del one, schema
        if isinstance(value, str) and not matches(wanted, value):
            yield wrong(f"{value!r} does not match {wanted!r}")

    def names(one: _Validator, parts: Mapping[str, Node], value: Json, schema: Node) -> Iterator[Exception]:
        del schema
        found = value if isinstance(value, dict) else {}
        for wanted, part in parts.items():
            for name, inner in found.items():
                if matches(wanted, name):
                    yield from one.evolve(schema=part).iter_errors(inner)

    made: Callable[[Node], _Validator] = validators.extend(
        module.Draft202012Validator, {"pattern": pattern, "patternProperties": names}
    )
    return made
