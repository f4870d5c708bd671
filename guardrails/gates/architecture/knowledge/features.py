"""Which features a model's schema names, and which names and defaults the code gives them."""

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.module import Module
from guardrails.model.errors import CannotJudge, PolicyError
from guardrails.model.frozen import frozen

_HOLDING = ("features", "inputs", "columns", "fields", "signature")
_DEFAULTS = ("default", "fill_value", "fill", "default_value")
_MISSING = frozenset({"below", "nan", "null", "missing", "none"})
_PLACE = re.compile(r"\{(\w+)\}")
_ITEM = re.compile(r"(.+)\[('[^']*'|\"[^\"]*\")\]\Z")
_COLLECTING = frozenset({"tuple", "list", "set", "frozenset", "dict", "Mapping", "MappingProxyType"})


@frozen
class Feature:
    """What the schema says of one feature: its default as a number, NaN where a missing value stays missing,
    None where it does not tell."""

    default: float | None


@frozen
class Named:
    """A name of a feature as code says it, and its line; for a read also the default's short text."""

    name: str
    line: int
    scope: int = 0
    default: str | None = None
    text: str = ""


def schema_of(module: Module) -> tuple[str, Mapping[str, Feature]]:
    """Return the schema's path and features by name; raises CannotJudge where policy names none that can be read."""
    settings = module.settings.features
    path = settings.schema
    wanted = _PLACE.findall(path)
    if wanted:
        held = _document(module, settings.lock)
        for name in wanted:
            text = held.get(name) if isinstance(held, dict) else None
            if not isinstance(text, str):
                raise CannotJudge(
                    f"{settings.lock} holds no text under {name}, which `features.schema` asks for"
                )
            path = path.replace(f"{{{name}}}", text)
    content = _content(module, path)
    return path, _features(path, content)


def _content(module: Module, path: str) -> bytes:
    content = module.graph.code.tree.read(path)
    if content is None:
        raise CannotJudge(f"{path} is not there, which `features` in policies/architecture.yaml names")
    return content


def _document(module: Module, path: str) -> object:
    return _parsed(path, _content(module, path))


def _parsed(path: str, content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        pass
    # YAML costs 20 ms of CPU, and few teams write their schemas in it.
    from guardrails.adapters.policy.document import parse  # noqa: PLC0415

    try:
        return parse(path, content).data
    except PolicyError as error:
        raise CannotJudge(f"{path} cannot be read as JSON or YAML: {error}") from error


@lru_cache(maxsize=4)
def _features(path: str, content: bytes) -> Mapping[str, Feature]:
    found = dict(_entries(_parsed(path, content), 0))
    if not found:
        raise CannotJudge(f"{path} names no feature; write them under `features`, each with its `name`")
    return found


def _entries(data: object, depth: int) -> Iterator[tuple[str, Feature]]:
    if isinstance(data, str) and data[:1] in "[{" and depth:
        data = _parsed("signature", data.encode())
    if isinstance(data, list):
        for one in data:
            if isinstance(one, str):
                yield one, Feature(None)
            elif isinstance(one, dict) and isinstance(one.get("name"), str):
                yield one["name"], _feature(one)
    elif isinstance(data, dict):
        key = next((one for one in _HOLDING if one in data), None)
        if key is not None:
            yield from _entries(data[key], depth + 1)
        elif depth:
            yield from ((str(name), _feature(one)) for name, one in data.items())


def _feature(entry: object) -> Feature:
    held = entry if isinstance(entry, dict) else {}
    for key in _DEFAULTS:
        if key in held:
            value = held[key]
            return Feature(float(value) if isinstance(value, int | float) else math.nan)
    policy = str(held.get("null", held.get("missing", ""))).lower()
    return Feature(math.nan if policy in _MISSING else None)


def constants_in(module: Module, names: Sequence[str]) -> Iterator[tuple[str, tuple[Named, ...]]]:
    """Yield those of policy's constants that the module holds, each with the names in it; raises CannotJudge
    for one that it does not hold as a literal."""
    wanted = [one for one in names if one.rpartition(".")[0] == module.name]
    if not wanted:
        return
    tree = ast.parse(module.source)
    bound = {name: value for one in ast.walk(tree) for name, value in _bound_by(one)}
    for one in wanted:
        name = one.rpartition(".")[2]
        found = tuple(_names_in(bound[name], bound, 0)) if name in bound else ()
        if not found:
            raise CannotJudge(
                f"{module.path}: {name} is no literal with names of features, which `features` asks for"
            )
        yield one, found


def _bound_by(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                yield target.id, node.value


def _names_in(node: ast.expr, bound: Mapping[str, ast.expr], depth: int) -> Iterator[Named]:
    """Yield the texts of a literal; of a dictionary its keys, of one of dictionaries theirs."""
    if depth > len(_HOLDING):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Named(node.value, node.lineno)
    elif isinstance(node, ast.Dict):
        inner = [one for one in node.values if isinstance(one, ast.Dict)]
        keys = [one for one in node.keys if one is not None] if not inner else []
        for one in (
            *inner,
            *keys,
            *(value for key, value in zip(node.keys, node.values, strict=True) if key is None),
        ):
            yield from _names_in(one, bound, depth + 1)
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        for one in node.elts:
            yield from _names_in(one, bound, depth + 1)
    elif isinstance(node, ast.Starred):
        yield from _names_in(node.value, bound, depth)
    elif isinstance(node, ast.BinOp):
        yield from _names_in(node.left, bound, depth + 1)
        yield from _names_in(node.right, bound, depth + 1)
    elif isinstance(node, ast.Name) and node.id in bound:
        yield from _names_in(bound[node.id], bound, depth + 1)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _COLLECTING:
        for one in node.args:
            yield from _names_in(one, bound, depth + 1)


def reads_in(module: Module) -> Iterator[Named]:
    """Yield the module's reads of a feature whose name is a constant, by policy's readers."""
    readers = module.settings.features.readers
    if not readers:
        return
    for call in module.facts.calls:
        name = _text(call.arguments[0]) if call.arguments else None
        if name is not None and _is_reader(module, call.name, readers):
            yield Named(name, call.line, call.scope, _default_of(call), call.text)
    for one in module.facts.subscripts:
        match = _ITEM.match(one.text)
        if match and _is_reader(module, match[1], readers, "[]"):
            name = _text(match[2])
            if name is not None:
                yield Named(name, one.line, one.scope, None, f"[{name!r}]")


def _is_reader(module: Module, name: str, readers: tuple[str, ...], suffix: str = "") -> bool:
    meanings = module.graph.meanings(module.name, name) or (name,)
    wanted = {one.replace("()", "") for one in readers}
    return any(one.replace(":", ".").replace("()", "") + suffix in wanted for one in meanings)


def _default_of(call: Call) -> str | None:
    named = call.keyword("default")
    return named if named is not None else next(iter(call.arguments[1:2]), None)


def _text(written: str) -> str | None:
    try:
        value = ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None


def number_of(text: str) -> float | None:
    """Return the number that a default's short text writes, NaN for nothing at all; None where it is no constant."""
    if text in {"None", "math.nan", "numpy.nan", "numpy.NaN"}:
        return math.nan
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return float(value) if isinstance(value, int | float) else None
