"""GR506: a golden, snapshot or consumer expectation is no longer what base recorded."""

import re
from collections.abc import Iterator, Mapping

from guardrails.gates.integrity.documents.configuration import Value
from guardrails.gates.integrity.documents.flat import Difference, document_differences, flat_document
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before, Evidence, Movement
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_SHOWN = 8
_LOOSE = re.compile(r"(^|/)(skip|skipped|disabled|enabled|epsilon|tolerance|k|top_k|rel|abs)$")
_SNAPSHOT = re.compile(r"^# name: (.*)$", re.MULTILINE)
_FILE = "contracts/now_playing/golden/night.yaml"
_GOLDEN = "id: night\norder: [lyrics, credits, merch]\nepsilon: 0.001\n"

RULE = Rule(
    id="GR506",
    name="golden-changed",
    gate="integrity",
    summary="A golden is no longer what base recorded; head's version has no effect on this judgement.",
    why="A golden that is regenerated to fit the code approves the code by itself.",
    remedy="Restore base's golden, or have the movement approved by a named approver.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _GOLDEN}, files={_FILE: _GOLDEN.replace("lyrics, credits", "credits, lyrics")}),
        Example(base={_FILE: _GOLDEN}, files={}),
        Example(base={_FILE: _GOLDEN}, files={_FILE: _GOLDEN.replace("0.001", "0.5")}),
    ),
    good=(
        Example(base={_FILE: _GOLDEN}, files={_FILE: "# dated\n" + _GOLDEN}),
        Example(base={_FILE: _GOLDEN}, files={_FILE: _GOLDEN, _FILE.replace("night", "day"): _GOLDEN}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a block for each golden or scenario deleted or loosened, a review for each rewritten."""
    kept = {one.new.blob for one in view.files(Role.GOLDEN) if one.new is not None}
    for file in view.files(Role.GOLDEN):
        if file.old is None:
            continue
        if file.new is None:
            if file.old.blob not in kept:
                yield _finding(view, file.path, Effect.BLOCK, "was deleted", ())
            continue
        yield from _rewritten(view, file.path)


def _rewritten(view: View, path: str) -> Iterator[Finding]:
    before, after = view.before(path), view.after(path)
    had, has = {*_SNAPSHOT.findall(before)}, {*_SNAPSHOT.findall(after)}
    names = sorted(had - has) if len(has) < len(had) else []
    old, new = flat_document(path, before), flat_document(path, after)
    if old is None or new is None:
        what = f"lost {', '.join(names)}" if names else "was rewritten"
        yield _finding(view, path, Effect.BLOCK if names else Effect.REVIEW, what, ())
        return
    found = document_differences(old, new)
    gone = sorted(_scenarios(old) - _scenarios(new))
    loose = [one for one in found if _LOOSE.search(one.pointer) and one.before != one.after]
    evidence = tuple(_evidence(path, one) for one in found[:_SHOWN])
    if gone:
        yield _finding(view, path, Effect.BLOCK, f"lost scenario {', '.join(gone)}", evidence)
    elif loose:
        yield _finding(view, path, Effect.BLOCK, f"was loosened at {loose[0].pointer}", evidence)
    elif found:
        yield _finding(view, path, Effect.REVIEW, "was rewritten", evidence)


def _scenarios(flat: Mapping[str, Value]) -> set[str]:
    """Return the names of scenarios: the parts of pointers that are followed by their own id."""
    return {str(value) for pointer, value in flat.items() if pointer.rsplit("/", 1)[-1] in {"id", "scenario"}}


def _evidence(path: str, one: Difference) -> Evidence:
    if isinstance(one.before, tuple) and isinstance(one.after, tuple):
        return Movement(f"{path}#{one.pointer}", "golden", one.before, one.after)
    return Before(f"{one.pointer}: {one.before}", f"{one.pointer}: {one.after}")


def _finding(view: View, path: str, effect: Effect, what: str, evidence: tuple[Evidence, ...]) -> Finding:
    beside = " together with product code" if view.changes_product else ""
    return finding_of(
        RULE,
        effect,
        Location(path),
        f"golden {path!r} {what}{beside}; base's golden judges this change, head's has no effect",
        subject=f"{path} {what}",
        evidence=evidence,
    )
