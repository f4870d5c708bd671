"""Plain data into frozen dataclasses, strictly, without knowing any of them.

A gate states its settings as a type and gets exactly that or the policy is refused: no unknown
key, no value bent into shape. Errors carry a pointer; whoever holds the file turns it into a line.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from guardrails.adapters.policy.plain import Plain, Pointer, pointer_text, shown
from guardrails.model.frozen import field_names, is_value, required_names

KindT = TypeVar("KindT")

_NOUNS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    NoneType: "empty",
}
_REMEDIES: Mapping[type, str] = {
    str: "write text, in quotes if it looks like a number",
    int: "write a whole number without quotes",
    float: "write a number without quotes",
    bool: "write true or false without quotes",
    list: "write a list, each item on its own line after `- `",
    dict: "write `key: value` lines",
}


class DecodeError(Exception):
    """Data that its type does not accept: where it is, and a text that reads `what; what to do`."""

    def __init__(self, pointer: Pointer, message: str, *, at_key: bool = False) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.at_key = at_key


def decode(data: Plain, kind: type[KindT]) -> KindT:
    """Return `data` as a `kind`, a frozen dataclass; null, an empty file, gives its defaults.

    Raises DecodeError for anything that is not exactly as the type says, and TypeError for a type
    that this decoder does not support, which is a fault of the gate and not of the policy.
    """
    result = _value({} if data is None else data, kind, ())
    if not isinstance(result, kind):
        raise TypeError(f"{kind!r} is not a dataclass")
    return result


def decode_list(data: Plain, kind: type[KindT]) -> tuple[KindT, ...]:
    """Return `data`, a list, as a tuple of `kind`; null, an empty file, gives an empty one."""
    items = [] if data is None else _exactly(data, list, ())
    decoded = (_value(item, kind, (number,)) for number, item in enumerate(items))
    return tuple(one for one in decoded if isinstance(one, kind))


@cache
def field_kinds(kind: type) -> Mapping[str, object]:
    """Return the type of each field of a settings class, by name in order; raises TypeError for no such class."""
    names = field_names(kind)
    kinds: Mapping[str, object] = kind.__annotations__
    if any(isinstance(kinds[name], str) for name in names):
        kinds = get_type_hints(kind)
    return {name: kinds[name] for name in names}


def _value(data: Plain, kind: object, at: Pointer) -> object:
    """Return `data` as a value of `kind`, whatever form of type that is."""
    if isinstance(kind, type) and get_origin(kind) is None:
        if kind in _SCALARS:
            return _SCALARS[kind](data, at)
        if is_value(kind):
            return _instance(data, kind, at)
        if issubclass(kind, Enum):
            return kind(_one_of(data, [one.value for one in kind], at))
    decoder = _FORMS.get(get_origin(kind))
    if decoder is None:
        raise TypeError(f"{pointer_text(at)}: a policy file cannot hold {kind!r}")
    return decoder(data, get_args(kind), at)


def _exactly(data: Plain, kind: type[KindT], at: Pointer) -> KindT:
    if isinstance(data, kind) and type(data) is kind:  # bool is an int, and must not pass as one
        return data
    raise DecodeError(at, f"{_name(at)} is {_NOUNS[type(data)]}; {_REMEDIES[kind]}")


def _float(data: Plain, at: Pointer) -> float:
    if type(data) is int:
        return float(data)
    return _exactly(data, float, at)


def _date(data: Plain, at: Pointer) -> date:
    text = _exactly(data, str, at)
    with suppress(ValueError):
        day = date.fromisoformat(text)
        if day.isoformat() == text:  # weeks and days without dashes are ISO 8601 too
            return day
    raise DecodeError(at, f"{_name(at)}: {shown(text)} is not a day; write it as YYYY-MM-DD")


_SCALARS: Mapping[object, Callable[[Plain, Pointer], object]] = {
    str: lambda data, at: _exactly(data, str, at),
    int: lambda data, at: _exactly(data, int, at),
    bool: lambda data, at: _exactly(data, bool, at),
    float: _float,
    date: _date,
}


def _instance(data: Plain, kind: type, at: Pointer) -> object:
    given = _exactly(data, dict, at)
    kinds = field_kinds(kind)
    for key in given:
        if key not in kinds:
            raise DecodeError((*at, key), _unknown(key, kinds, at), at_key=True)
    missing = [name for name in required_names(kind) if name not in given]
    if missing:
        listed = ", ".join(missing)
        raise DecodeError(at, f"{_name(at)} lacks {listed}; add {'it' if len(missing) == 1 else 'them'}")
    arguments = {key: _value(value, kinds[key], (*at, key)) for key, value in given.items()}
    try:
        return kind(**arguments)
    except ValueError as error:  # a settings type may check itself
        raise DecodeError(at, f"{_name(at)}: {error}") from None
    except DecodeError as error:  # and may say where in it
        raise DecodeError((*at, *error.pointer), str(error), at_key=error.at_key) from None


def _unknown(key: str, known: Iterable[str], at: Pointer) -> str:
    names = list(known)
    hint = nearest(key, names)
    remedy = f"did you mean {hint}?" if hint else f"its keys are {', '.join(names)}"
    return f"{_name(at)} has no key {shown(key)}; {remedy}"


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Return the one of `known` that `word` most likely means, or an empty text; `likeness` is 0 to 1."""
    from difflib import get_close_matches  # noqa: PLC0415 - 1 ms that only a mistake has to pay

    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), names, n=1, cutoff=likeness)
    return names[found[0]] if found else ""


def _one_of(data: Plain, allowed: Iterable[object], at: Pointer) -> object:
    choices = list(allowed)
    for one in choices:
        if type(one) is type(data) and one == data:
            return one
    hint = nearest(data, [one for one in choices if isinstance(one, str)]) if isinstance(data, str) else ""
    remedy = f"did you mean {hint}?" if hint else f"choose from {', '.join(str(one) for one in choices)}"
    text = f'"{shown(data)}"' if isinstance(data, str) else shown(data)
    raise DecodeError(at, f"{_name(at)} is {text}; {remedy}")


def _tuple(data: Plain, kinds: tuple[object, ...], at: Pointer) -> tuple[object, ...]:
    if kinds[1:] != (Ellipsis,):
        raise TypeError(f"{pointer_text(at)}: a policy file holds tuple[X, ...] only, not {kinds!r}")
    items = _exactly(data, list, at)
    return tuple(_value(item, kinds[0], (*at, number)) for number, item in enumerate(items))


def _mapping(data: Plain, kinds: tuple[object, ...], at: Pointer) -> Mapping[object, object]:
    key_kind, kind = kinds
    given = _exactly(data, dict, at)
    return {_key(key, key_kind, (*at, key)): _value(value, kind, (*at, key)) for key, value in given.items()}


def _key(key: str, kind: object, at: Pointer) -> object:
    try:
        return _value(key, kind, at)
    except DecodeError as error:
        raise DecodeError(at, str(error), at_key=True) from None


def _optional(data: Plain, kinds: tuple[object, ...], at: Pointer) -> object:
    others = [kind for kind in kinds if kind is not NoneType]
    if len(others) != 1 or len(others) == len(kinds):
        raise TypeError(f"{pointer_text(at)}: a policy file holds X | None only, not {kinds!r}")
    return None if data is None else _value(data, others[0], at)


_FORMS: Mapping[object, Callable[[Plain, tuple[object, ...], Pointer], object]] = {
    Literal: _one_of,
    tuple: _tuple,
    Mapping: _mapping,
    Union: _optional,
    UnionType: _optional,
}


def _name(at: Pointer) -> str:
    text = pointer_text(at)
    return f"item {text}" if text.startswith("[") else text or "the file"
