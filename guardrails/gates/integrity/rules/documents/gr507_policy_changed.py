"""GR507: a file under `policies/` differs, shown as what it means."""

from collections.abc import Iterator

from guardrails.gates.integrity.documents.flat import document_differences, flat_document
from guardrails.gates.integrity.documents.loosening import weakening_of
from guardrails.gates.integrity.granting import has_policy, is_grant
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.change import FileChange
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_SHOWN = 20
_FILE = "policies/budgets.yaml"
_BUDGET = "operations:\n  rank:\n    p99_ms: {}\n"
_STAGES = "stages:\n  merge:\n    gates: [{}]\n"

RULE = Rule(
    id="GR507",
    name="policy-changed",
    gate="integrity",
    summary="Policy differs between base and head; only base's judges this change.",
    why="A change that loosens what judges it would approve itself one change later.",
    remedy="Propose the policy in a change of its own, with the reason, to a policy owner.",
    effect=Effect.BLOCK,
    bad=(
        Example(
            base={_FILE: _BUDGET.format(50), "app.py": "a = 1\n"},
            files={_FILE: _BUDGET.format(500), "app.py": "a = 2\n"},
        ),
        Example(
            base={"policies/guardrails.yaml": _STAGES.format("style, golden")},
            files={"policies/guardrails.yaml": _STAGES.format("style")},
        ),
    ),
    good=(
        Example(base={_FILE: _BUDGET.format(50)}, files={_FILE: "# per day\n" + _BUDGET.format("50")}),
        Example(base={"docs/policy.md": "a"}, files={"docs/policy.md": "b"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield one finding for each policy file that means something else than before."""
    for file in view.files(Role.POLICY):
        if not is_grant(file.path) and has_policy(view):
            yield from _changed(view, file)


def _changed(view: View, file: FileChange) -> Iterator[Finding]:
    path = file.path
    before, after = flat_document(path, view.before(path)), flat_document(path, view.after(path))
    if before is None or after is None or file.new is None:
        weak = file.new is None or (before is not None and after is None)
        what = "was deleted" if file.new is None else "changed and cannot be compared by meaning"
        yield _finding(view, path, what, weak=weak, evidence=Before("", ""))
        return
    found = document_differences(before, after)
    weaker = [f"{one.pointer} ({how})" for one in found if (how := weakening_of(path, one))]
    if not found:
        return
    names = weaker or [one.pointer for one in found]
    what = ("weakens " if weaker else "changes ") + ", ".join(names[:_SHOWN])
    shown = found[:_SHOWN]
    evidence = Before(
        "\n".join(f"{one.pointer}: {one.before}" for one in shown),
        "\n".join(f"{one.pointer}: {one.after}" for one in shown),
    )
    yield _finding(view, path, what, weak=bool(weaker), evidence=evidence)


def _finding(view: View, path: str, what: str, *, weak: bool, evidence: Before) -> Finding:
    blocks = weak and view.changes_product
    beside = ", in a change that also changes product code" if blocks else ""
    return finding_of(
        RULE,
        Effect.BLOCK if blocks else Effect.REVIEW,
        Location(path),
        f"policy {path!r} {what}{beside}; base's policy judges this change",
        subject=f"{path} {what}",
        evidence=(evidence,),
    )
