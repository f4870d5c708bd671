"""Reads regular expressions of schemas into parts, and gives strings that match them.

Only what is regular is read (no back references, look-ahead only at the begin); for the rest
nothing is claimed.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

TOP = 0x10FFFF
_LONGEST_REPEAT = 300
Ranges = tuple[tuple[int, int], ...]
_ANY: Ranges = ((0, 9), (11, 12), (14, 0x2027), (0x202A, TOP))
ALL: Ranges = ((0, TOP),)
_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 13), (32, 32), (160, 160), (0xFEFF, 0xFEFF))
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "0": 0}
_CATEGORIES = {"L", "M", "N", "P", "S", "Z"} | {
    f"{one}{other}"
    for one, others in {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko", "Z": "slp"}.items()
    for other in others
}
FAVOURITES = "a0A_- .zZ9é/"


class Irregular(Exception):
    """The pattern uses what no automaton here reads, or is too large."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Series:
    """Parts one after the other."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several parts."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, a number of times; no `most` is without end."""

    part: "Part"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The begin or the end of the string."""

    begin: bool


Part = Chars | Series | Choice | Repeat | Anchor


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> Part:
        """Return the whole pattern."""
        found = self._choice(0)
        if self._at < len(self._text):
            raise Irregular
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        letter = self._peek()
        if not letter:
            raise Irregular
        self._at += 1
        return letter

    def _choice(self, depth: int) -> Part:
        if depth > 50:  # noqa: PLR2004 - deeper than any pattern that a person wrote
            raise Irregular
        branches = [self._sequence(depth)]
        while self._peek() == "|":
            self._next()
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self, depth: int) -> Part:
        parts = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom(depth)))
        return Series(tuple(parts))

    def _atom(self, depth: int) -> Part:
        letter = self._next()
        if letter == "(":
            return self._group(depth)
        if letter == "[":
            return Chars(self._set())
        if letter == ".":
            return Chars(_ANY)
        if letter in "^$":
            return Anchor(letter == "^")
        if letter == "\\":
            return Chars(self._escape())
        if letter in "*+?":
            raise Irregular
        return Chars(((ord(letter), ord(letter)),))

    def _group(self, depth: int) -> Part:
        if self._peek() == "?":
            self._next()
            self._name_group()
        found = self._choice(depth + 1)
        if self._next() != ")":
            raise Irregular
        return found

    def _name_group(self) -> None:
        """Pass over what makes a group without meaning of its own: `?:` or `?<name>`."""
        letter = self._next()
        name, _, _ = self._text[self._at :].partition(">")
        if letter == "<" and name.isidentifier():
            self._at += len(name) + 1
        elif letter != ":":
            raise Irregular

    def _category(self) -> Ranges:
        """Return the characters of a Unicode category, such as the `L` of `\\p{L}`."""
        name, brace, _ = self._text[self._at :].partition("}")
        if not brace or not name.startswith("{") or name[1:] not in _CATEGORIES:
            raise Irregular
        self._at += len(name) + 1
        return _of_category(name[1:])

    def _escape(self) -> Ranges:
        letter = self._next()
        if letter in "pP":
            category = self._category()
            return category if letter == "p" else inverted(category)
        if letter.lower() in _CLASSES:
            found = _CLASSES[letter.lower()]
            return found if letter.islower() else inverted(found)
        if letter in _CONTROLS:
            code = _CONTROLS[letter]
        elif letter in "xu":
            code = self._code(2 if letter == "x" else 4)
        elif letter.isalnum():
            raise Irregular
        else:
            code = ord(letter)
        return ((code, code),)

    def _code(self, length: int) -> int:
        digits = self._text[self._at : self._at + length]
        self._at += length
        try:
            return int(digits, 16)
        except ValueError:
            raise Irregular from None

    def _set(self) -> Ranges:
        negated = self._peek() == "^"
        if negated:
            self._next()
        found: list[tuple[int, int]] = []
        while self._peek() != "]":
            first = self._member()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"]", ""}:
                self._next()
                last = self._member()
                if len(first) != 1 or len(last) != 1 or first[0][0] > last[0][0]:
                    raise Irregular
                found.append((first[0][0], last[0][0]))
            else:
                found += first
        self._next()
        return inverted(found) if negated else merged(found)

    def _member(self) -> Ranges:
        letter = self._next()
        return self._escape() if letter == "\\" else ((ord(letter), ord(letter)),)

    def _repeated(self, part: Part) -> Part:
        letter = self._peek()
        bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(letter)
        if bounds is not None:
            self._next()
        elif letter == "{":
            bounds = self._braces()
        if bounds is None:
            return part
        if self._peek() == "?":  # a lazy repetition matches the same strings
            self._next()
        return self._repeated(Repeat(part, *bounds))

    def _braces(self) -> tuple[int, int | None]:
        end = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : end].partition(",")
        if end < 0 or not low.isdecimal() or (high and not high.isdecimal()):
            raise Irregular
        self._at = end + 1
        least = int(low)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > _LONGEST_REPEAT or (most is not None and most < least):
            raise Irregular
        return least, most


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges sorted and joined where they touch."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def inverted(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return every code point that the ranges leave out."""
    found, start = [], 0
    for low, high in merged(ranges):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return (*found, (start, TOP)) if start <= TOP else tuple(found)


@cache
def _of_category(name: str) -> Ranges:
    codes = (code for code in range(TOP + 1) if unicodedata.category(chr(code)).startswith(name))
    return merged((code, code) for code in codes)


@cache
def conditions(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return patterns that a string must all match, and that it must not, to match this one.

    A look-ahead at the begin (`^(?=.*[0-9])(?!admin)...`) asks the whole string, as a pattern does.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    rest = pattern
    while rest.startswith(("^(?=", "^(?!")):
        end = _end_of_group(rest, 1)
        (wanted if rest[3] == "=" else unwanted).append(f"^(?:{rest[4:end]})")
        rest = "^" + rest[end + 1 :]
    if (wanted or unwanted) and isinstance(parsed(rest), Choice):
        raise Irregular  # it looks ahead in one of its branches alone
    return (*wanted, rest), tuple(unwanted)


def _end_of_group(text: str, begin: int) -> int:
    """Return the place of the parenthesis that closes the one at `begin`; raises Irregular."""
    depth, at, in_set = 0, begin, False
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif in_set or letter == "[":
            in_set = letter != "]"
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if not depth:
                return at
        at += 1
    raise Irregular


def is_readable(pattern: str) -> bool:
    """Whether the pattern can be read here in all its parts."""
    try:
        return all(parsed(one) for part in conditions(pattern) for one in part)
    except Irregular:
        return False


@cache
def parsed(pattern: str) -> Part:
    """Return the pattern's parts; raises Irregular."""
    return _Reader(pattern).whole()


def samples(pattern: str, most: int = 24) -> list[str]:
    """Return strings that match the pattern, shortest ways first; none for an irregular pattern."""
    try:
        return list(dict.fromkeys(_samples(parsed(pattern))))[:most]
    except Irregular:
        return []


def _samples(part: Part) -> list[str]:
    if isinstance(part, Chars):
        return _letters_in(part.ranges)
    if isinstance(part, Choice):
        return [text for one in part.parts for text in _samples(one)[:8]]
    if isinstance(part, Repeat):
        inner = _samples(part.part) or [""]
        counts = [part.least or min(1, part.most or 1), part.least, part.least + 1, min(part.most or 12, 120)]
        counts = [one for one in counts if one >= part.least and (part.most is None or one <= part.most)]
        return [
            inner[0] * counts[0],
            *(one * counts[0] for one in inner[1:]),
            *(inner[0] * one for one in counts),
        ]
    if isinstance(part, Anchor):
        return [""]
    choices = [_samples(one)[:10] or [""] for one in part.parts]
    first = [choice[0] for choice in choices]
    found = ["".join(first)]
    for index, choice in enumerate(choices):
        found += ["".join([*first[:index], one, *first[index + 1 :]]) for one in choice[1:]]
    return found


def _letters_in(ranges: Ranges) -> list[str]:
    found = [one for one in FAVOURITES if any(low <= ord(one) <= high for low, high in ranges)]
    found += [chr(code) for low, high in ranges[:4] for code in (low, high) if chr(code).isprintable()]
    return list(dict.fromkeys(found)) or [chr(ranges[0][0])] if ranges else []
