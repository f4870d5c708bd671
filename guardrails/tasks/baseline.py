"""Keeps `policies/baseline.json`: what a tree had when the harness came, which can only grow less."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from guardrails.model.errors import UsageError
from guardrails.model.finding import Effect, Finding, Status
from guardrails.model.frozen import frozen
from guardrails.tasks.lint import lint, place_of

_FILE = "policies/baseline.json"
_KEPT = frozenset({Effect.BLOCK, Effect.REVIEW})
Note = Mapping[str, str]
"""What a finding was: its `rule`, `path` and `symbol`."""


@frozen
class State:
    """How a baseline stands: where its file is, what it lists, what of that is still found, and what else is found.

    `about` says by fingerprint what a listed or found finding is; a file that is older than such notes has none.
    """

    place: Path
    listed: tuple[str, ...]
    found: tuple[str, ...]
    others: tuple[str, ...]
    about: Mapping[str, Note]

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The entries that match nothing any more."""
        return tuple(sorted((Counter(self.listed) - Counter(self.found)).elements()))

    def told(self, fingerprint: str) -> str:
        """Return an entry for readers: its fingerprint, and the rule, path and symbol where they are known."""
        note = self.about.get(fingerprint, {})
        return " ".join(filter(None, (fingerprint, note.get("rule"), note.get("path"), note.get("symbol"))))


def state_of(repository: Path) -> State:
    """Return how the baseline of the tree around `repository` stands; judges the whole tree."""
    top = place_of([str(repository)]).top
    verdict = lint([str(top)])
    listed, noted = listed_in(top / _FILE)
    matched = [one for one in verdict.findings if one.status is Status.BASELINED]
    others = [one for one in verdict.findings if one.counts and one.effect in _KEPT]
    about = {**noted, **_notes_of((*matched, *others))}
    return State(top / _FILE, listed, _fingerprints(matched), _fingerprints(others), about)


def _fingerprints(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(sorted(one.fingerprint for one in findings))


def _notes_of(findings: Iterable[Finding]) -> dict[str, Note]:
    return {
        one.fingerprint: {"rule": one.rule, "path": one.location.path, "symbol": one.location.symbol}
        for one in findings
    }


def listed_in(place: Path) -> tuple[tuple[str, ...], dict[str, Note]]:
    """Return the entries of a baseline file that policy has accepted, and what it says of them; none where
    there is no file."""
    try:
        held = json.loads(place.read_bytes())
    except FileNotFoundError:
        return (), {}
    return tuple(held["fingerprints"]), dict(held.get("about", {}))


def rewritten(state: State) -> tuple[str, ...]:
    """Write what the baseline should list, and return it: everything the first time, later only what is left."""
    kept = state.found if state.listed else state.others
    about = {one: state.about[one] for one in sorted(set(kept)) if one in state.about}
    text = json.dumps({"version": 1, "fingerprints": list(kept), "about": about}, indent=2) + "\n"
    if not state.place.parent.is_dir():
        raise UsageError(
            f"there is no {state.place.parent}; a baseline belongs to a policy, so write one first"
        )
    try:
        state.place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{state.place} cannot be written: {error.strerror}") from error
    return kept
