"""A verdict's parts as JSON values, and the one way in which they become text.

Two formats write JSON. What both must hold is held here: measured numbers stand apart from
everything else, text is valid Unicode, and the bytes are the same on every run.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from guardrails.model.evidence import (
    Before,
    CallChain,
    Evidence,
    Interval,
    Movement,
    Mutant,
    TestOutcome,
    Transcript,
    Witness,
)
from guardrails.model.verdict import Verdict
from guardrails.report.content.printable import shortened
from guardrails.report.content.summary import Entry

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTES = range(0xDC80, 0xDD00)
# Characters of one text of a proof, and of the ids of one order: enough to see it, and a report stays readable.
EVIDENCE_CHARACTERS = 20_000
_STEPS = 200
_HIDDEN = "(hidden)"
_USER_OF_ADDRESS = re.compile(r"(://)[^/\s@'\"]{1,300}@")
# Twenty letters or more of both cases and with digits: a name of code hardly ever is one.
_TOKEN = re.compile(r"(?<![\w/+-])(?=[\w/+-]*[a-z])(?=[\w/+-]*[A-Z])(?=[\w/+-]*\d)[\w/+-]{20,}", re.ASCII)


def dumped(value: Json) -> str:
    """Return `value` as ASCII JSON with a final newline; a number that JSON lacks becomes null."""
    text = json.dumps(_clean(value), ensure_ascii=True, indent=2, allow_nan=False)
    # The one ASCII control character that json leaves as it is.
    return text.replace("\x7f", "\\u007f") + "\n"


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return unicode_of(value)
    if isinstance(value, Mapping):
        return {unicode_of(key): _clean(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [_clean(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def unicode_of(text: str) -> str:
    r"""Return `text` without surrogates: a byte that was no UTF-8 as `\xNN`, others as `\uNNNN`."""
    return _SURROGATE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if code in _BYTES else f"\\u{code:04x}"


def without_secrets(text: str) -> str:
    """Return `text`, a snippet of code, without what looks like the secret of an address or a token."""
    return _TOKEN.sub(_HIDDEN, _USER_OF_ADDRESS.sub(rf"\1{_HIDDEN}@", text))


def bytes_of(path: str) -> bytes:
    """Return the bytes that git has for `path`."""
    return "".join(one if ord(one) in _BYTES else unicode_of(one) for one in path).encode(
        "utf-8", "surrogateescape"
    )


def path_value(path: str) -> dict[str, Json]:
    r"""Return `path`, and where it is no UTF-8 also `path_bytes`, its exact bytes in hex."""
    if _SURROGATE.search(path):
        return {"path": unicode_of(path), "path_bytes": bytes_of(path).hex()}
    return {"path": path}


def evidence_value(one: Evidence) -> dict[str, Json]:  # noqa: PLR0911 - one line for each kind of proof
    """Return one proof, its texts bounded, without its measured numbers; `kind` says which it is."""
    match one:
        case Before(before, after):
            return {"kind": "before", "before": _bounded(before), "after": _bounded(after)}
        case Witness(request, base, head):
            answers = {"base": _bounded(base), "head": _bounded(head)}
            return {"kind": "witness", "request": _bounded(request), **answers}
        case Movement():
            return _movement_value(one)
        case TestOutcome(test, base, head, message):
            ended = {"test": _bounded(test), "base": _bounded(base), "head": _bounded(head)}
            return {"kind": "test_outcome", **ended, "message": _bounded(message)}
        case Mutant(path, line, original, mutated):
            place = path_value(path)
            code = {"original": _bounded(original), "mutated": _bounded(mutated)}
            return {"kind": "mutant", **place, "line": line, **code}
        case CallChain(steps):
            walked = [
                {"symbol": step.symbol, **path_value(step.path), "line": step.line} for step in steps[:_STEPS]
            ]
            return {"kind": "call_chain", "steps": walked}
        case Interval(metric, unit):
            return {"kind": "interval", "metric": _bounded(metric), "unit": _bounded(unit)}
        case Transcript(command, output):
            return {"kind": "transcript", "command": _bounded(command), "output": _bounded(output)}


def _movement_value(one: Movement) -> dict[str, Json]:
    return {
        "kind": "movement",
        "scenario": _bounded(one.scenario),
        "movement": _bounded(one.kind),
        "base": _bounded_items(one.base),
        "head": _bounded_items(one.head),
        "cause": _bounded(one.cause),
    }


def _bounded(text: str) -> str:
    return shortened(text, EVIDENCE_CHARACTERS)


def _bounded_items(items: Sequence[str]) -> list[Json]:
    """Return the first items, as many as the bound holds."""
    ends = accumulate(len(item) + 1 for item in items)
    return [item for item, end in zip(items, ends, strict=True) if end <= EVIDENCE_CHARACTERS]


def measured_value(verdict: Verdict, entries: Iterable[Entry]) -> dict[str, Json]:
    """Return every measured number: by gate and name, and by finding id the intervals in order."""
    gates = {gate: dict(sorted(numbers.items())) for gate, numbers in sorted(verdict.measured.items())}
    intervals = {entry.id: _intervals(entry) for entry in entries}
    return {"gates": gates, "findings": {name: found for name, found in sorted(intervals.items()) if found}}


def _intervals(entry: Entry) -> list[Json]:
    return [
        {
            "metric": one.metric,
            "unit": one.unit,
            "estimate": one.estimate,
            "low": one.low,
            "high": one.high,
            "confidence": one.confidence,
            "samples": one.samples,
        }
        for one in entry.finding.evidence
        if isinstance(one, Interval)
    ]
