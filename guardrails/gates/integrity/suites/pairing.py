"""Which test of head is which test of base, before anything is said to be missing.

Tests are moved, renamed, folded into parametrized ones and given classes all the time. A test
counts as removed only when nothing in the whole change looks like it.
"""

from collections.abc import Iterable, Mapping

from guardrails.gates.integrity.suites.suite import Case, Suite
from guardrails.model.frozen import frozen

_RENAMED = 0.6
_MOVED = 0.3
_MOST_COMPARISONS = 40_000


@frozen
class Pair:
    """A test of base and what it is in head. `is_absorbed`: head's test does the work of several."""

    base: Case
    head: Case
    is_absorbed: bool = False


@frozen
class Pairing:
    """How base's tests and head's belong together across all changed files."""

    pairs: tuple[Pair, ...]
    removed: tuple[Case, ...]
    added: tuple[Case, ...]
    dormant: tuple[Pair, ...]


def similarity(one: Case, other: Case) -> float:
    """Return the weighted Jaccard index, 0 to 1, of the names and literals of two tests."""
    keys = one.words.keys() | other.words.keys()
    if not keys:
        return 1.0
    shared = sum(min(one.words.get(key, 0), other.words.get(key, 0)) for key in keys)
    return shared / sum(max(one.words.get(key, 0), other.words.get(key, 0)) for key in keys)


def pair_tests(base: Mapping[str, Suite], head: Mapping[str, Suite]) -> Pairing:
    """Return which tests of base and head are the same, moved, renamed, absorbed, dormant or removed."""
    old = {case.id: case for suite in base.values() for case in suite.tests}
    new = {case.id: case for suite in head.values() for case in suite.tests}
    pairs = [Pair(old[key], new[key]) for key in old if key in new]
    left = [case for key, case in old.items() if key not in new]
    free = [case for key, case in new.items() if key not in old]
    added = tuple(free)
    for threshold, same_name in ((_MOVED, True), (_RENAMED, False)):
        left, free = _match(left, free, threshold, same_name=same_name, into=pairs)
    left = [case for case in left if not _absorb(case, new.values(), pairs)]
    dormant, removed = _dormant(left, old, head)
    return Pairing(tuple(pairs), tuple(removed), added, tuple(dormant))


def _match(
    left: list[Case], free: list[Case], threshold: float, *, same_name: bool, into: list[Pair]
) -> tuple[list[Case], list[Case]]:
    if len(left) * len(free) > _MOST_COMPARISONS and not same_name:
        return left, free
    unmatched: list[Case] = []
    for case in left:
        candidates = [one for one in free if not same_name or one.simple_name == case.simple_name]
        best = max(candidates, key=lambda one: similarity(case, one), default=None)
        if best is None or similarity(case, best) < threshold:
            unmatched.append(case)
            continue
        free = [one for one in free if one is not best]
        into.append(Pair(case, best))
    return unmatched, free


def _absorb(case: Case, candidates: Iterable[Case], into: list[Pair]) -> bool:
    """Pair `case` with a test of head whose parameters or body hold all that it checked."""
    wanted = {one for assertion in case.live for one in assertion.literals}
    called = case.calls - {"", "raises", "approx", "len"}
    for one in candidates:
        checks_as_much = one.live and (not called or called & one.calls)
        if (
            checks_as_much
            and wanted
            and wanted <= one.values
            and (one.parameters or len(one.live) > len(case.live))
        ):
            into.append(Pair(case, one, is_absorbed=True))
            return True
    return False


def _dormant(
    left: list[Case], old: Mapping[str, Case], head: Mapping[str, Suite]
) -> tuple[list[Pair], list[Case]]:
    called = {name for suite in head.values() for case in suite.cases.values() for name in case.calls}
    idle = [
        case
        for suite in head.values()
        for case in suite.cases.values()
        if not case.is_test and case.id not in old and case.simple_name not in called
    ]
    dormant: list[Pair] = []
    removed: list[Case] = []
    for case in left:
        best = max(idle, key=lambda one: similarity(case, one), default=None)
        if best is not None and similarity(case, best) >= _RENAMED:
            dormant.append(Pair(case, best))
        else:
            removed.append(case)
    return dormant, removed
