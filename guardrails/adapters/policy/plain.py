"""Plain data as a policy file holds it, pointers into it, and the lines where it stands."""

from typing import TypeAlias

Scalar = str | int | float | bool | None
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"
Pointer = tuple[str | int, ...]

_SHOWN = 60


class Mark:
    """Where a value stands, and the marks of what is in it; `keys` are the lines of a mapping's keys."""

    __slots__ = ("inner", "keys", "line")

    def __init__(self, line: int) -> None:
        self.line = line
        self.keys: dict[str, int] = {}
        self.inner: dict[str | int, Mark] = {}


def pointer_text(pointer: Pointer) -> str:
    """Return a pointer as messages write it: `services[0].ready`."""
    text = ""
    for step in pointer:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """Return `value` as it may stand in a message: one printable line, cut to a recognisable length."""
    escaped = ascii(value if isinstance(value, str) else repr(value))[1:-1]
    return escaped if len(escaped) <= _SHOWN else escaped[:_SHOWN] + "..."
