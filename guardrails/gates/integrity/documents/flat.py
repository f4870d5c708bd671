"""YAML and JSON documents as flat values by pointer, and what differs between two of them.

Lists of named things (scenarios, services, waivers) are keyed by their name, so that inserting
one does not make all the following look changed.
"""

from collections.abc import Mapping

from guardrails.gates.integrity.documents.configuration import Value
from guardrails.model.frozen import frozen

_NAMES = ("id", "name", "scenario", "fingerprint", "operation", "path")
_MOST = 20_000


@frozen
class Difference:
    """One pointer whose value differs; None stands for absent."""

    pointer: str
    before: Value
    after: Value

    def __str__(self) -> str:
        """Return `pointer: before -> after`, for a reader."""
        return f"{self.pointer}: {_shown(self.before)} -> {_shown(self.after)}"


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    return "[" + ", ".join(value) + "]" if isinstance(value, tuple) else str(value)


def flat_document(path: str, text: str) -> Mapping[str, Value] | None:
    """Return the values of a YAML or JSON text by pointer, or None when it is neither or too large."""
    if not text.strip():
        return {}
    if not path.endswith((".yaml", ".yml", ".json")):
        return None
    flat: dict[str, Value] = {}
    try:
        _flatten("", _loaded(path, text), flat)
    except (ValueError, RecursionError):
        return None
    return flat


def _loaded(path: str, text: str) -> object:
    if path.endswith(".json"):
        import json  # noqa: PLC0415 - a commit without such a file stays quick

        return json.loads(text)
    import yaml  # noqa: PLC0415 - a commit without such a file stays quick

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _flatten(prefix: str, value: object, into: dict[str, Value]) -> None:
    if len(into) > _MOST:
        raise ValueError("too many values")
    if isinstance(value, dict):
        if not value:
            into[prefix] = ()
        for key, inner in value.items():
            _flatten(f"{prefix}/{key}" if prefix else str(key), inner, into)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for index, one in enumerate(value):
            _flatten(f"{prefix}/{_name_of(one, index)}" if prefix else _name_of(one, index), one, into)
    elif isinstance(value, list):
        into[prefix] = tuple(str(one) for one in value)
    elif isinstance(value, str | bool | int | float):
        into[prefix] = value
    else:
        into[prefix] = "" if value is None else str(value)


def _name_of(value: object, index: int) -> str:
    if isinstance(value, dict):
        for key in _NAMES:
            if isinstance(value.get(key), str | int):
                return str(value[key])
    return str(index)


def document_differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Difference, ...]:
    """Return the pointers whose values differ, in order of their names."""
    return tuple(
        Difference(pointer, before.get(pointer), after.get(pointer))
        for pointer in sorted(before.keys() | after.keys())
        if before.get(pointer) != after.get(pointer)
    )
