"""A stored JSON report read back, so that an approver need not judge again what CI has judged.

A report is somebody's word. What an approval binds to is therefore worked out anew from what is
shown: a report whose fingerprint or evidence digest does not follow from its own text is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from guardrails.model.errors import UsageError
from guardrails.model.evidence import (
    Before,
    CallChain,
    Evidence,
    Interval,
    Movement,
    Mutant,
    Step,
    TestOutcome,
    Transcript,
    Witness,
)
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.frozen import frozen, replace

UNUSABLE = "the report's proof was shortened or altered; judge here instead, without --verdict"
_MAX_BYTES = 64 << 20

_Members = Mapping[str, object]


@frozen
class StoredReport:
    """What is needed of a report: the change's digest, its two commits (None for trees alone), and the findings."""

    change_digest: str
    base: str | None
    head: str | None
    stage: str
    findings: tuple[Finding, ...]


class _Malformed(Exception):
    """The report is not what `--format json` writes."""


def report_in(path: Path) -> StoredReport:
    """Return the report stored at `path`; raises UsageError for a file that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--verdict {path}: {error.strerror}; name a report of --format json") from error
    try:
        if len(content) > _MAX_BYTES:
            raise _Malformed
        said = _members(json.loads(content))
        if said.get("schema") != 1:
            raise _Malformed
        change = _members(said.get("change"))
        return StoredReport(
            _text(change, "digest"),
            _commit(change, "base"),
            _commit(change, "head"),
            _text(said, "stage"),
            tuple(_finding(_members(one)) for one in _listed(said, "findings")),
        )
    except (_Malformed, ValueError, RecursionError):
        raise UsageError(
            f"--verdict {path}: this is no report that --format json wrote with this version"
        ) from None


def _commit(change: _Members, name: str) -> str | None:
    commit = _members(change.get(name)).get("commit")
    if commit is None or isinstance(commit, str):
        return commit
    raise _Malformed


def _finding(said: _Members) -> Finding:
    finding = Finding(
        rule=_text(said, "rule"),
        gate=_text(said, "gate"),
        effect=Effect(_text(said, "effect")),
        location=Location(_path(said), _number(said, "line"), _text(said, "symbol")),
        message=_text(said, "message"),
        remedy=_text(said, "remedy"),
        subject=_text(said, "subject"),
        evidence=tuple(_evidence(_members(one)) for one in _listed(said, "evidence")),
        status=Status(_text(said, "status")),
        status_reason=_text(said, "status_reason"),
    )
    stated = (_text(said, "fingerprint"), _text(said, "evidence_digest"))
    if (finding.fingerprint, finding.evidence_digest) == stated:
        return finding
    # Either the report was altered, or its proof is so long that it was shortened.
    return replace(finding, status=Status.OLD, status_reason=UNUSABLE)


def _evidence(said: _Members) -> Evidence:
    kind = _text(said, "kind")
    if kind not in _KINDS:
        raise _Malformed
    return _KINDS[kind](said)


def _movement(said: _Members) -> Movement:
    orders = [tuple(_string(one) for one in _listed(said, name)) for name in ("base", "head")]
    return Movement(
        _text(said, "scenario"), _text(said, "movement"), orders[0], orders[1], _text(said, "cause")
    )


def _chain(said: _Members) -> CallChain:
    steps = [_members(one) for one in _listed(said, "steps")]
    return CallChain(tuple(Step(_text(one, "symbol"), _path(one), _number(one, "line")) for one in steps))


_KINDS: Mapping[str, Callable[[_Members], Evidence]] = {
    "before": lambda said: Before(_text(said, "before"), _text(said, "after")),
    "witness": lambda said: Witness(_text(said, "request"), _text(said, "base"), _text(said, "head")),
    "movement": _movement,
    "test_outcome": lambda said: TestOutcome(
        *(_text(said, name) for name in ("test", "base", "head", "message"))
    ),
    "mutant": lambda said: Mutant(
        _path(said), _number(said, "line"), _text(said, "original"), _text(said, "mutated")
    ),
    "call_chain": _chain,
    # Measured numbers are no part of the digest, and the report keeps them elsewhere.
    "interval": lambda said: Interval(_text(said, "metric"), _text(said, "unit"), 0.0, 0.0, 0.0, 0.0, 0),
    "transcript": lambda said: Transcript(_text(said, "command"), _text(said, "output")),
}


def _members(value: object) -> _Members:
    if not isinstance(value, dict):
        raise _Malformed
    return value


def _listed(said: _Members, name: str) -> Sequence[object]:
    value = said.get(name)
    if not isinstance(value, list):
        raise _Malformed
    return value


def _text(said: _Members, name: str) -> str:
    return _string(said.get(name))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _Malformed
    return value


def _number(said: _Members, name: str) -> int:
    value = said.get(name)
    if type(value) is not int:
        raise _Malformed
    return value


def _path(said: _Members) -> str:
    if "path_bytes" in said:
        return bytes.fromhex(_text(said, "path_bytes")).decode("utf-8", "surrogateescape")
    return _text(said, "path")
