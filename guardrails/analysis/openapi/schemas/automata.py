"""Patterns as automata: whether one lies within another, and a string that tells them apart.

The comparison explores pairs of state sets lazily, as in the textbook subset construction
(Rabin and Scott, 1959), within a budget of steps.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from guardrails.analysis.openapi.schemas.patterns import (
    ALL,
    FAVOURITES,
    TOP,
    Anchor,
    Chars,
    Choice,
    Irregular,
    Part,
    Ranges,
    Repeat,
    Series,
    conditions,
    parsed,
)

_SURROGATES = range(0xD800, 0xE000)
_BUDGET = 20_000
_MOST_STATES = 4_000


@dataclass(slots=True)
class _Automaton:
    """States with moves by characters and moves by nothing; anything may precede or follow unless anchored."""

    moves: list[list[tuple[Ranges, int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    start: int = 0
    end: int = 0

    def state(self) -> int:
        """Return a new state."""
        if len(self.moves) >= _MOST_STATES:
            raise Irregular
        self.moves.append([])
        self.free.append([])
        return len(self.moves) - 1

    def add(self, part: Part, begin: int) -> int:
        """Add a part that starts in state `begin`; return the state after it."""
        end = self.state()
        if isinstance(part, Chars):
            self.moves[begin].append((part.ranges, end))
        elif isinstance(part, Series):
            for one in part.parts:
                begin = self.add(one, begin)
            self.free[begin].append(end)
        elif isinstance(part, Choice):
            for one in part.parts:
                self.free[self.add(one, begin)].append(end)
        elif isinstance(part, Repeat):
            self._repeat(part, begin, end)
        else:
            raise Irregular
        return end

    def _repeat(self, part: Repeat, begin: int, end: int) -> None:
        for _ in range(part.least):
            begin = self.add(part.part, begin)
        if part.most is None:
            loop = self.state()
            self.free[begin].append(loop)
            self.free[self.add(part.part, loop)].append(loop)
            begin = loop
        else:
            for _ in range(part.most - part.least):
                self.free[begin].append(end)
                begin = self.add(part.part, begin)
        self.free[begin].append(end)

    def closure(self, states: Iterable[int]) -> frozenset[int]:
        """Return the states and all that are reached from them by nothing."""
        found, left = set(states), list(states)
        while left:
            for one in self.free[left.pop()]:
                if one not in found:
                    found.add(one)
                    left.append(one)
        return frozenset(found)

    def after(self, states: frozenset[int], code: int) -> frozenset[int]:
        """Return the states after one character."""
        return self.closure(
            {
                end
                for state in states
                for ranges, end in self.moves[state]
                if any(low <= code <= high for low, high in ranges)
            }
        )


@cache
def _automaton(pattern: str) -> _Automaton:
    """Return the automaton of all strings in which the pattern is found; raises Irregular."""
    made = _Automaton()
    made.start, made.end = made.state(), made.state()
    whole = parsed(pattern)
    while isinstance(whole, Series) and len(whole.parts) == 1:
        whole = whole.parts[0]
    for branch in whole.parts if isinstance(whole, Choice) else (whole,):
        parts = list(branch.parts) if isinstance(branch, Series) else [branch]
        begins = bool(parts) and parts[0] == Anchor(begin=True)
        ends = bool(parts) and parts[-1] == Anchor(begin=False)
        inner = Series(tuple(parts[begins : len(parts) - ends]))
        anything = Repeat(Chars(ALL), 0, None)
        padded = Series((*(() if begins else (anything,)), inner, *(() if ends else (anything,))))
        made.free[made.add(padded, made.start)].append(made.end)
    return made


def _letters(automata: Sequence[_Automaton]) -> list[int]:
    """Return one character for each set of characters that no move of the automata tells apart."""
    cuts = {0}
    for automaton in automata:
        for moves in automaton.moves:
            for ranges, _ in moves:
                cuts |= {low for low, _ in ranges} | {high + 1 for _, high in ranges}
    ordered = sorted(one for one in cuts if one <= TOP)
    spans = zip(ordered, [*(one - 1 for one in ordered[1:]), TOP], strict=True)
    return [_pleasant(low, high) for low, high in spans if low not in _SURROGATES]


def _pleasant(low: int, high: int) -> int:
    return next((ord(one) for one in FAVOURITES if low <= ord(one) <= high), max(low, min(high, 33)))


def difference(one: str, other: str) -> str | None:
    """Return a shortest string that `one` matches and `other` does not, None when there is none.

    Raises Irregular when the patterns are not regular or the budget ends first.
    """
    return common((one,), (other,))


def common(
    wanted: Sequence[str], unwanted: Sequence[str], least: int = 0, most: float = float("inf")
) -> str | None:
    """Return a string that all `wanted` patterns match and none of the `unwanted`, None for none.

    Its length lies between `least` and `most`, and it is the shortest where no pattern looks
    ahead. Raises Irregular when a pattern is not regular or the budget ends first.
    """
    asked = [conditions(one) for one in wanted]
    all_of = [one for part, _ in asked for one in part]
    none_of = [one for _, part in asked for one in part]
    ways = [
        [*(((), (one,)) for one in part), *(((one,), ()) for one in failing)]
        for part, failing in map(conditions, unwanted)
    ]
    for way in product(*ways):
        more = [one for part, _ in way for one in part]
        fewer = [one for _, part in way for one in part]
        found = _common([*all_of, *more], [*none_of, *fewer], least, most)
        if found is not None:
            return found
    return None


def _common(wanted: Sequence[str], unwanted: Sequence[str], least: int, most: float) -> str | None:
    automata = [_automaton(one) for one in (*wanted, *unwanted)]
    letters = sorted(_letters(automata), key=lambda code: (not chr(code).isprintable(), code))
    begin = tuple(one.closure({one.start}) for one in automata)
    told_apart = least if most == float("inf") else int(most)
    left = deque([(begin, "")])
    seen = {(begin, 0)}
    steps = 0
    while left:
        here, text = left.popleft()
        found = [one.end in states for one, states in zip(automata, here, strict=True)]
        if len(text) >= least and all(found[: len(wanted)]) and not any(found[len(wanted) :]):
            return text
        for code in letters if len(text) < most else ():
            steps += 1
            if steps > _BUDGET:
                raise Irregular
            after = tuple(one.after(states, code) for one, states in zip(automata, here, strict=True))
            key = (after, min(len(text) + 1, told_apart))
            if all(after[: len(wanted)]) and key not in seen:
                seen.add(key)
                left.append((after, text + chr(code)))
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text, in time that grows with both; raises Irregular."""
    wanted, unwanted = conditions(pattern)
    return all(_is_found(one, text) for one in wanted) and not any(_is_found(one, text) for one in unwanted)


def _is_found(pattern: str, text: str) -> bool:
    automaton = _automaton(pattern)
    states = automaton.closure({automaton.start})
    for letter in text:
        states = automaton.after(states, ord(letter))
        if not states:
            return False
    return automaton.end in states


def within(one: str, other: str) -> bool:
    """Whether every string that `one` matches provably matches `other`."""
    try:
        return difference(one, other) is None
    except Irregular:
        return False
