"""JSON Schemas of the policy files for editors, made from the same types that the decoder reads.

They are committed under `policies/schema/`, so that completion and hover work without us; the
decoder, not the schema, decides what is accepted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from guardrails.adapters.policy.decode import field_kinds
from guardrails.adapters.policy.files import (
    DEPENDENCIES,
    FOLDER,
    GUARDRAILS,
    WAIVERS,
    DependenciesFile,
    GuardrailsFile,
    WaiverEntry,
)
from guardrails.model.frozen import required_names
from guardrails.model.gate import Gate
from guardrails.model.team import DeclaredRule

RULE = "rule.yaml"  # any file of `policies/rules/`
SCHEMA_FOLDER = f"{FOLDER}/schema"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: Mapping[object, Mapping[str, "Json"]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
}

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def schemas(gates: Sequence[Gate]) -> Mapping[str, str]:
    """Return the text of every schema by file name: ours and that of each gate with a settings file."""
    kinds: dict[str, object] = {
        GUARDRAILS: GuardrailsFile,
        WAIVERS: tuple[WaiverEntry, ...],
        DEPENDENCIES: DependenciesFile,
        RULE: DeclaredRule,
    }
    kinds |= {gate.settings_file: gate.settings for gate in gates if gate.settings_file}
    return {f"{Path(name).stem}.json": _text(name, kinds[name]) for name in sorted(kinds)}


def stale_schemas(gates: Sequence[Gate], folder: Path) -> tuple[str, ...]:
    """Return the names of the schemas in `folder` that are missing, out of date or of nothing."""
    wanted = schemas(gates)
    found = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    return tuple(sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name)))


def write_schemas(gates: Sequence[Gate], folder: Path) -> tuple[str, ...]:
    """Bring `folder` up to date and return the names of the files written or deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = schemas(gates)
    changed = stale_schemas(gates, folder)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], "utf-8", newline="\n")
        else:
            (folder / name).unlink()
    return changed


def _text(name: str, kind: object) -> str:
    definitions: dict[str, Json] = {}
    body = dict(_schema(kind, definitions, is_root=True))
    whole: dict[str, Json] = {"$schema": _DIALECT, "title": f"{FOLDER}/{name}", **body}
    if definitions:
        whole["$defs"] = {key: definitions[key] for key in sorted(definitions)}
    return json.dumps(whole, indent=2) + "\n"


def _schema(kind: object, definitions: dict[str, Json], *, is_root: bool = False) -> Mapping[str, Json]:
    """Return the schema of any type that the decoder supports; dataclasses go into `definitions`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and origin is None:
        return _named(kind, definitions, is_root=is_root)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is Mapping:
        return _mapping(arguments[0], arguments[1], definitions)
    if origin in {Union, UnionType}:
        return {"anyOf": [_schema(one, definitions) for one in arguments]}
    raise TypeError(f"a policy file cannot hold {kind!r}")


def _named(kind: type, definitions: dict[str, Json], *, is_root: bool) -> Mapping[str, Json]:
    if is_root:
        return _object(kind, definitions)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind is NoneType:
        return {"type": "null"}
    if issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # a place holder, should the type hold itself
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _mapping(key: object, value: object, definitions: dict[str, Json]) -> Mapping[str, Json]:
    schema: dict[str, Json] = {"type": "object", "additionalProperties": _schema(value, definitions)}
    if key is not str:
        schema["propertyNames"] = _schema(key, definitions)
    return schema


def _object(kind: type, definitions: dict[str, Json]) -> Mapping[str, Json]:
    paragraphs = (kind.__doc__ or "").strip().split("\n\n", 1)
    kinds = field_kinds(kind)
    properties: dict[str, Json] = {}
    for field in fields(kind):
        schema = dict(_schema(kinds[field.name], definitions))
        if about := _sentences_on(field.name, paragraphs[-1] if len(paragraphs) > 1 else ""):
            schema["description"] = about
        if (default := _default(field)) not in (None, "", [], {}):
            schema["default"] = default
        properties[field.name] = schema
    required = list(required_names(kind))
    summary: dict[str, Json] = {"description": " ".join(paragraphs[0].split()), "type": "object"}
    needs: dict[str, Json] = {"required": required} if required else {}
    return {**summary, "additionalProperties": False, **needs, "properties": properties}


def _sentences_on(name: str, text: str) -> str:
    """Return the sentences of a docstring that speak of field `name`, which stands in backticks."""
    sentences = " ".join(text.split()).replace(". ", ".\n").split("\n")
    return " ".join(one for one in sentences if f"`{name}`" in one)


def _default(field: Field[object]) -> Json:
    return _plain(None if field.default is MISSING else field.default)


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str | int | float):
        return value
    if value is not None and not is_dataclass(value):
        raise TypeError(f"a policy file cannot hold {value!r}")
    return None
