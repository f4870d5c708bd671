"""Strict reading of a bundle's JSON: what is not exactly as written down is an error that says where."""

import json
import math
from typing import NoReturn


class BundleError(ValueError):
    """A bundle or its lock is not what it claims to be; the message names the file, the fault, the remedy."""


class Node:
    """A value of a JSON document with the place where it stands; every reader returns it or raises."""

    def __init__(self, value: object, place: str) -> None:
        self._value = value
        self._place = place

    @classmethod
    def of(cls, text: bytes, place: str) -> "Node":
        """Return the document in `text`, or raise BundleError: not JSON, NaN, or a name given twice."""
        try:
            value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"{place}: not strict JSON: {error}; export the bundle again") from None
        return cls(value, place)

    def fail(self, expected: str) -> NoReturn:
        """Raise BundleError: here stands something else than was expected."""
        raise BundleError(f"{self._place}: expected {expected}, found {repr(self._value)[:80]}")

    def fields(self, *names: str) -> list["Node"]:
        """Return the values of an object that has exactly these names, in their order."""
        members = self.members()
        if members.keys() != set(names):
            self.fail(f"exactly the names {', '.join(names)}")
        return [members[name] for name in names]

    def members(self) -> dict[str, "Node"]:
        """Return the values of an object by name."""
        if not isinstance(self._value, dict):
            self.fail("an object")
        return {name: Node(value, f"{self._place}.{name}") for name, value in self._value.items()}

    def elements(self, least: int = 0, most: int = 100_000) -> list["Node"]:
        """Return the elements of a list whose length is within these bounds."""
        if not isinstance(self._value, list) or not least <= len(self._value) <= most:
            self.fail(f"a list of {least} to {most} elements")
        return [Node(value, f"{self._place}[{index}]") for index, value in enumerate(self._value)]

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self._value, str):
            self.fail("a string")
        return self._value

    def number(self, least: float = -1e9, most: float = 1e9) -> float:
        """Return a finite number within these bounds."""
        if isinstance(self._value, bool) or not isinstance(self._value, int | float):
            self.fail("a number")
        if not least <= self._value <= most or not math.isfinite(self._value):
            self.fail(f"a finite number from {least:g} to {most:g}")
        return float(self._value)

    def whole(self, least: int, most: int) -> int:
        """Return a whole number within these bounds."""
        if type(self._value) is not int or not least <= self._value <= most:
            self.fail(f"a whole number from {least} to {most}")
        return self._value

    def digest(self) -> str:
        """Return a SHA-256 in lowercase hexadecimal."""
        text = self.text()
        if len(text) != 64 or not set(text) <= set("0123456789abcdef"):  # noqa: PLR2004  digits of a SHA-256
            self.fail("a SHA-256 of 64 lowercase hexadecimal digits")
        return text

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        return self._value is None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members
