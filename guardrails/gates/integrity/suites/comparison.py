"""What a test stopped insisting on: assertions gone, weakened, guarded, revalued or widened.

Rewritten assertions that exclude as much as before are nobody's business, so only what can be
shown to be less, or to expect another value, is reported.
"""

from collections import Counter
from collections.abc import Iterable

from guardrails.gates.integrity.suites.assertions import NOTHING, Assertion
from guardrails.gates.integrity.suites.pairing import Pair
from guardrails.model.frozen import frozen


@frozen
class Loss:
    """How head's version of a test differs for the worse; pairs are (base, head)."""

    gone: tuple[Assertion, ...] = ()
    weakened: tuple[tuple[Assertion, Assertion], ...] = ()
    revalued: tuple[tuple[Assertion, Assertion], ...] = ()
    widened: tuple[tuple[Assertion, Assertion], ...] = ()


def loss_of(pair: Pair, elsewhere: Counter[str]) -> Loss:
    """Return what `pair` lost; `elsewhere` counts assertion texts that the change adds in any place."""
    base, head = pair.base, pair.head
    old, new, revalued = _without_common(base.live, head.live)
    if pair.is_absorbed:
        return Loss()
    old = [one for one in old if not elsewhere[one.text] and not _in_parameters(one, head.parameter_values)]
    weakened = [(one, other) for one, other in _same(base.live, head.assertions) if other.strength == NOTHING]
    widened: list[tuple[Assertion, Assertion]] = []
    for key in ("shape", "subject"):
        old, new = _pair_by(key, old, new, revalued, widened, weakened)
    old, new = _pair_rest(old, new, weakened)
    gone = () if head.parameters and not base.parameters else tuple(old)
    return Loss(gone, tuple(weakened), tuple(revalued), tuple(widened))


def _same(base: Iterable[Assertion], head: Iterable[Assertion]) -> Iterable[tuple[Assertion, Assertion]]:
    by_text = {one.text: one for one in head}
    return [(one, by_text[one.text]) for one in base if one.text in by_text]


def _without_common(
    base: Iterable[Assertion], head: Iterable[Assertion]
) -> tuple[list[Assertion], list[Assertion], list[tuple[Assertion, Assertion]]]:
    """Return what only base and only head assert, and what both assert of another bound value."""
    left: list[Assertion] = []
    free = list(head)
    revalued: list[tuple[Assertion, Assertion]] = []
    for one in base:
        same = [other for other in free if other.text == one.text]
        same.sort(key=lambda other: (other.guarded and not one.guarded, other.bound != one.bound))
        if not same or (same[0].guarded and not one.guarded):
            left.append(one)
            continue
        free.remove(same[0])
        if same[0].bound != one.bound and one.bound and same[0].bound:
            revalued.append((one, same[0]))
    return left, free, revalued


def _in_parameters(assertion: Assertion, values: frozenset[str]) -> bool:
    """Whether the literals of a vanished assertion live on in the test's parameters."""
    return bool(assertion.literals) and not assertion.tolerances and set(assertion.literals) <= values


def _pair_by(
    key: str,
    old: list[Assertion],
    new: list[Assertion],
    revalued: list[tuple[Assertion, Assertion]],
    widened: list[tuple[Assertion, Assertion]],
    weakened: list[tuple[Assertion, Assertion]],
) -> tuple[list[Assertion], list[Assertion]]:
    left: list[Assertion] = []
    free = list(new)
    for one in old:
        wanted = one.shape if key == "shape" else one.subject
        found = [other for other in free if wanted == (other.shape if key == "shape" else other.subject)]
        if not found:
            left.append(one)
            continue
        other = max(found, key=lambda each: each.strength)
        free.remove(other)
        if _is_wider(one, other):
            widened.append((one, other))
        elif other.strength < one.strength or (other.guarded and not one.guarded):
            weakened.append((one, other))
        elif one.strength == other.strength and _literals(one) != _literals(other):
            revalued.append((one, other))
    return left, free


def _literals(assertion: Assertion) -> tuple[str, ...]:
    return (*assertion.literals, *assertion.bound_literals)


def _is_wider(base: Assertion, head: Assertion) -> bool:
    old, new = dict(base.tolerances), dict(head.tolerances)
    if any(new[key] > old[key] for key in old.keys() & new.keys()):
        return True
    exact = not old and base.strength > head.strength
    return bool(new.keys() - old.keys()) and (exact or max(new.values()) > max(old.values(), default=0.0))


def _pair_rest(
    old: list[Assertion], new: list[Assertion], weakened: list[tuple[Assertion, Assertion]]
) -> tuple[list[Assertion], list[Assertion]]:
    """Pair what is left strongest first; equally strong rewrites are dropped, the surplus stays."""
    strongest = sorted(old, key=lambda one: -one.strength)
    others = sorted(new, key=lambda one: -one.strength)
    for one, other in zip(strongest, others, strict=False):
        if other.strength < one.strength:
            weakened.append((one, other))
    return strongest[len(others) :], others[len(strongest) :]
