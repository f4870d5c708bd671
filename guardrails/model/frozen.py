"""Frozen value classes that cost a start-up a ninth of what `dataclasses` does.

A hook starts for every commit and makes a hundred such classes before it does anything. One class
by `dataclasses.dataclass(frozen=True)` takes 0.5 ms here and the module drags in `inspect`; one
by `frozen` takes 0.06 ms. `dataclasses.fields` and `replace` work on both, and type checkers
read both alike.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import Field

T = TypeVar("T")
ClassT = TypeVar("ClassT", bound=type)


_UNWRITTEN_USES = 3


class FrozenError(AttributeError):
    """Somebody tried to change a value that never changes."""


class Made:
    """A default that is made anew for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Return a default that `default_factory` makes anew for each instance."""
    return Made(default_factory)  # type: ignore[return-value]  # what type checkers expect of a field specifier


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: ClassT) -> ClassT:
    """Turn a class with annotated fields into a frozen value: equal and hashed by its fields.

    Fields are those of the class itself, in order; a `__post_init__` runs last. Raises TypeError
    for a mutable default and for a field without default after one with.
    """
    names = tuple(name for name, kind in cls.__annotations__.items() if not _is_shared(kind))
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    made: dict[str, object] = {name: method for name, method in _METHODS.items() if name not in cls.__dict__}
    made |= {
        "__init__": _Constructor(cls, names, defaults),
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(),
    }
    for name, value in made.items():
        setattr(cls, name, value)
    for name, default in defaults.items():
        if isinstance(default, Made):
            delattr(cls, name)
    return cls


def replace(value: T, **changes: object) -> T:
    """Return a copy of a frozen value, or of a dataclass, in which the named fields are others.

    The standard library's own would first have to make a dataclass of the value's type.
    """
    kept = {name: getattr(value, name) for name in field_names(type(value)) if name not in changes}
    return type(value)(**kept, **changes)


def is_value(kind: object) -> bool:
    """Whether `kind` is a class that `frozen` or `dataclasses` made."""
    return isinstance(kind, type) and "__dataclass_fields__" in kind.__dict__


def field_names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields in order; raises TypeError for a class that has none."""
    if not is_value(kind):
        raise TypeError(f"{kind!r} is neither frozen nor a dataclass")
    names: tuple[str, ...] = kind.__dict__["__match_args__"]
    return names


def required_names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields without a default, which come first."""
    names = field_names(kind)
    constructor = kind.__dict__["__init__"]
    if isinstance(constructor, _Constructor):
        return tuple(name for name in names if name not in constructor.defaults)
    return names[: len(names) - len(_constructor_of(kind).__defaults__ or ())]


def _is_shared(kind: object) -> bool:
    """Whether an annotation says that the attribute belongs to the class."""
    return str(kind).startswith(("ClassVar", "typing.ClassVar"))


class _Constructor:
    """The `__init__` of a class. Code for it is written after a few uses, for most classes have no more in a run."""

    def __init__(self, cls: type, names: tuple[str, ...], defaults: Mapping[str, object]) -> None:
        for position, name in enumerate(names):
            if isinstance(defaults.get(name), list | dict | set):
                raise TypeError(f"{cls.__name__}.{name}: mutable default; use field(default_factory=...)")
            if name not in defaults and any(earlier in defaults for earlier in names[:position]):
                raise TypeError(f"{cls.__name__}.{name}: a field without default follows one with")
        self.cls = cls
        self.names = names
        self.defaults = defaults
        self._uses_left = _UNWRITTEN_USES

    def __get__(self, instance: object, owner: type) -> Callable[..., None]:
        if instance is None:
            return self._written()
        self._uses_left -= 1
        # `inspect.signature` of Python 3.13 asks with the class in the instance's place.
        if self._uses_left < 0 or isinstance(instance, type):
            bound: Callable[..., None] = self._written().__get__(instance)
            return bound
        return partial(self._fill, instance)

    def _fill(self, instance: object, /, *given: object, **named: object) -> None:
        values = {**dict(zip(self.names, given, strict=False)), **named}
        is_complete = self.defaults.keys() | values.keys() == set(self.names)
        if not is_complete or len(values) < len(given) + len(named):
            self._written()(instance, *given, **named)  # which says what is wrong, as Python does
            return
        for name in self.names:
            value = values[name] if name in values else _made(self.defaults[name])
            object.__setattr__(instance, name, value)
        if "__post_init__" in self.cls.__dict__:
            instance.__post_init__()  # type: ignore[attr-defined]  # the line above saw it

    def _written(self) -> FunctionType:
        made = _written_constructor(self.cls, self.names, self.defaults)
        setattr(self.cls, "__init__", made)  # noqa: B010 - a plain assignment to `__init__` is no valid type
        return made


def _made(default: object) -> object:
    return default.make() if isinstance(default, Made) else default


def _constructor_of(kind: type) -> FunctionType:
    made = kind.__init__  # type: ignore[misc]  # exactly this class's own, never one below it
    assert isinstance(made, FunctionType)
    return made


def _written_constructor(cls: type, names: tuple[str, ...], defaults: Mapping[str, object]) -> FunctionType:
    scope: dict[str, object] = {"_set": object.__setattr__, "_Made": Made}
    parameters, lines = [], []
    for name in names:
        value = name
        if name in defaults:
            scope[f"_default_{name}"] = default = defaults[name]
            parameters.append(f"{name}=_default_{name}")
            if isinstance(default, Made):
                value = f"_default_{name}.make() if {name} is _default_{name} else {name}"
        else:
            parameters.append(name)
        lines.append(f"  _set(self, {name!r}, {value})")
    if "__post_init__" in cls.__dict__:
        lines.append("  self.__post_init__()")
    exec(f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(lines) or "  pass"), scope)  # noqa: S102 - our own names
    made = scope["__init__"]
    assert isinstance(made, FunctionType)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _values(self: object) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name in type(self).__match_args__)  # type: ignore[attr-defined]  # set above


def _equal(self: object, other: object) -> object:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


def _repr(self: object) -> str:
    names = type(self).__match_args__  # type: ignore[attr-defined]  # set above
    shown = ", ".join(f"{name}={value!r}" for name, value in zip(names, _values(self), strict=True))
    return f"{type(self).__qualname__}({shown})"


def _refuse_set(self: object, name: str, value: object) -> None:
    del value
    raise FrozenError(f"{type(self).__name__}.{name} never changes")


def _refuse_delete(self: object, name: str) -> None:
    raise FrozenError(f"{type(self).__name__}.{name} never changes")


_METHODS: Mapping[str, Callable[..., object]] = {"__eq__": _equal, "__hash__": _hash, "__repr__": _repr}


class _Fields:
    """Gives `dataclasses` its own description of the fields, made when it first asks."""

    def __get__(self, instance: object, owner: type) -> "dict[str, Field[object]]":
        import dataclasses  # noqa: PLC0415 - what this module exists to put off

        body: dict[str, object] = {
            "__annotations__": dict(owner.__annotations__),
            "__module__": owner.__module__,
        }
        defaults: tuple[object, ...] = _constructor_of(owner).__defaults__ or ()
        names: tuple[str, ...] = owner.__dict__["__match_args__"]
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            body[name] = (
                dataclasses.field(default_factory=default.make) if isinstance(default, Made) else default
            )
        twin: type = dataclasses.dataclass(frozen=True)(type(owner.__name__, (), body))
        found = {one.name: one for one in dataclasses.fields(twin)}
        setattr(owner, "__dataclass_fields__", found)  # noqa: B010 - as above; from now on nobody asks here
        return found
