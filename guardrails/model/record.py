"""Named tuples that cost a start-up a tenth of what `typing.NamedTuple` does.

A hook makes twenty such classes before it does anything, each of which `typing` writes code for
and compiles. Here a class's constructor is written when it is first called; most are not. Type
checkers read the standard library's own.
"""

from typing import TYPE_CHECKING

__all__ = ["Record"]

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from _collections import _tuplegetter

    class _Maker(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {one: body.pop(one) for one in fields if one in body}
            made = {one: _tuplegetter(index, "") for index, one in enumerate(fields)}
            made |= {
                "__slots__": (),
                "_fields": fields,
                "_field_defaults": defaults,
                "__match_args__": fields,
            }
            made |= {
                "__new__": _first_call(fields, defaults),
                "_make": classmethod(_make),
                "_replace": _replace,
            }
            made |= {"_asdict": _asdict, "__repr__": _repr, "__getnewargs__": _plain}
            return super().__new__(cls, name, (tuple,), {**made, **body})

    class Record(metaclass=_Maker):
        """The base of a tuple with named fields, used as `typing.NamedTuple` is."""

    def _first_call(fields, defaults):
        """Return what writes a class's constructor when it is first called, and then leaves the work to it."""
        written = None

        def new(cls, /, *given, **named):
            nonlocal written
            if written is None:
                written = _written(fields, defaults)
                cls.__new__ = staticmethod(written)
            return written(cls, *given, **named)

        return new

    def _written(fields, defaults):
        parameters = ", ".join(one if one not in defaults else f"{one}=_{one}" for one in fields)
        scope = {f"_{name}": value for name, value in defaults.items()}
        scope["_new"] = tuple.__new__
        code = f"def __new__(_cls, {parameters}): return _new(_cls, ({', '.join(fields)},))"
        exec(code, scope)  # noqa: S102 - our own names
        return scope["__new__"]

    def _make(cls, values):
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__} takes {len(cls._fields)} values, not {len(made)}")
        return made

    def _replace(self, /, **changes):
        unknown = changes.keys() - set(self._fields)
        if unknown:
            raise ValueError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return self._make([changes.get(one, held) for one, held in zip(self._fields, self, strict=True)])

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        shown = ", ".join(f"{one}={held!r}" for one, held in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({shown})"

    def _plain(self):
        return tuple(self)
