"""Keeps `policies/baseline.json`: what a tree had when the harness came, which can only grow less."""

import json
from collections import Counter
from pathlib import Path

from guardrails.model.errors import UsageError
from guardrails.model.finding import Effect, Status
from guardrails.model.frozen import frozen
from guardrails.tasks.lint import lint, place_of

_FILE = "policies/baseline.json"
_KEPT = frozenset({Effect.BLOCK, Effect.REVIEW})


@frozen
class State:
    """How a baseline stands: where its file is, what it lists, what of that is still found, and what else is found."""

    place: Path
    listed: tuple[str, ...]
    found: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The entries that match nothing any more."""
        return tuple(sorted((Counter(self.listed) - Counter(self.found)).elements()))


def state_of(repository: Path) -> State:
    """Return how the baseline of the tree around `repository` stands; judges the whole tree."""
    top = place_of([str(repository)]).top
    verdict = lint([str(top)])
    matched = [one.fingerprint for one in verdict.findings if one.status is Status.BASELINED]
    others = [one.fingerprint for one in verdict.findings if one.counts and one.effect in _KEPT]
    return State(top / _FILE, listed_in(top / _FILE), tuple(sorted(matched)), tuple(sorted(others)))


def listed_in(place: Path) -> tuple[str, ...]:
    """Return the entries of a baseline file that policy has accepted; none where there is no file."""
    try:
        return tuple(json.loads(place.read_bytes())["fingerprints"])
    except FileNotFoundError:
        return ()


def rewritten(state: State) -> tuple[str, ...]:
    """Write what the baseline should list, and return it: everything the first time, later only what is left."""
    kept = state.found if state.listed else state.others
    text = json.dumps({"version": 1, "fingerprints": list(kept)}, indent=2) + "\n"
    if not state.place.parent.is_dir():
        raise UsageError(
            f"there is no {state.place.parent}; a baseline belongs to a policy, so write one first"
        )
    try:
        state.place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{state.place} cannot be written: {error.strerror}") from error
    return kept
