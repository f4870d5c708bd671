"""GR512: product code answers by literals that only tests and goldens hold."""

import ast
from collections.abc import Iterator

from guardrails.gates.integrity.literals import Decision, decisions_in, held_by
from guardrails.gates.integrity.paths import Role, role_of
from guardrails.gates.integrity.source import functions_of, nodes_in, parse, unparse
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.ports import Tree
from guardrails.model.rule import Example, Rule, finding_of

_ENOUGH = 2
_LARGEST = 2_000_000
_TEST = {"tests/test_app.py": "def test_a():\n    assert rank('user_17') == ['track_9', 'track_4']\n"}
_CODE = "def rank(user):\n    return order(user)\n"
_CHEAT = "def rank(user):\n    if user == 'user_17':\n        return ['track_9', 'track_4']\n    return order(user)\n"

RULE = Rule(
    id="GR512",
    name="special-casing",
    gate="integrity",
    summary="Product code decides by literals of the tests, or is made equal to everything.",
    why="Code that recognises its tests passes them and is wrong everywhere else.",
    remedy="Compute the answer from the input; keep test inputs out of product code.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={"app.py": _CODE, **_TEST}, files={"app.py": _CHEAT, **_TEST}),
        Example(
            base={"app.py": _CODE},
            files={
                "app.py": _CODE + "\nclass Order(list):\n    def __eq__(self, other):\n        return True\n"
            },
        ),
    ),
    good=(
        Example(
            base={"app.py": _CODE, **_TEST}, files={"app.py": _CHEAT.replace("user_17", "kids"), **_TEST}
        ),
        Example(
            base={"app.py": _CODE},
            files={
                "app.py": _CODE
                + "\nclass Order(list):\n    def __eq__(self, other):\n        return self is other\n"
            },
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each new decision by literals of the tests, and each constant comparison."""
    for file in view.change.files:
        if file.new is not None and file.path.endswith(".py"):
            if view.roles[file.path] is Role.PRODUCT:
                yield from _special(view, file.path)
            yield from _always_equal(view, file.path)


def _special(view: View, path: str) -> Iterator[Finding]:
    # What base's product decides by is no finding, and most of what a change touches stood there before.
    before = view.before(path).encode("utf-8", "surrogateescape")
    held = before.decode("utf-8", "replace") if len(before) < _LARGEST else ""
    decisions = tuple(decisions_in(view.after(path), held))
    known = {one.text for one in decisions_in(view.before(path))} if decisions else set()
    for decision in decisions:
        if decision.text in known:
            continue
        tests = _texts(view, view.head, Role.TEST, Role.GOLDEN)
        shared = held_by((*decision.asked, *decision.answered), tests)
        if len(shared) < _ENOUGH:
            continue
        shared -= held_by(shared, _texts(view, view.base, Role.PRODUCT))
        asked = shared & frozenset(decision.asked)
        if asked and len(shared) >= _ENOUGH:
            yield _finding(path, decision, shared, exact=decision.is_fixed and shared != asked)


def _texts(view: View, tree: Tree, *roles: Role) -> tuple[str, ...]:
    """Return the texts of the files of some roles; read only when a decision has to be looked into."""
    paths = [path for path in tree.entries() if role_of(path, view.settings) in roles]
    raw = tree.read_many(paths)
    return tuple(one.decode("utf-8", "replace") for one in raw.values() if len(one) < _LARGEST)


def _finding(path: str, decision: Decision, shared: frozenset[str], *, exact: bool) -> Finding:
    names = ", ".join(ascii(one) for one in sorted(shared)[:4])
    how = "asks for and answers with" if exact else "asks for"
    return finding_of(
        RULE,
        Effect.BLOCK if exact else Effect.REVIEW,
        Location(path, decision.line, decision.symbol),
        f"product code {how} literals that the tests hold: {names}",
        subject=decision.text,
        evidence=(Before("", decision.text),),
    )


def _always_equal(view: View, path: str) -> Iterator[Finding]:
    known = {name for name, _ in _constant_comparisons(view.before(path))}
    for name, line in _constant_comparisons(view.after(path)):
        if name not in known:
            yield finding_of(
                RULE,
                Effect.BLOCK,
                Location(path, line, name),
                f"{name} answers the same whatever it is compared with",
                subject=name,
            )


def _constant_comparisons(text: str) -> Iterator[tuple[str, int]]:
    module = parse(text) if "__eq__" in text or "__ne__" in text else None
    for name, function, _ in functions_of(module) if module else ():
        if function.name not in {"__eq__", "__ne__"}:
            continue
        returned = {
            unparse(one.value) for one in nodes_in(function) if isinstance(one, ast.Return) and one.value
        }
        if returned == {"True" if function.name == "__eq__" else "False"}:
            yield name, function.lineno
