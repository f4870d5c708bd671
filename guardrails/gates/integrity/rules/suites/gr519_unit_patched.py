"""GR519: a test now replaces the very code that the change touches."""

from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_TEST = "def test_top(monkeypatch):\n    assert rank(3) == [1]\n"
_FILE = "tests/test_rank.py"
_PATCHED = _TEST.replace("    assert", "    monkeypatch.setattr('app.rank.order', lambda n: [1])\n    assert")
_AUTOUSE = (
    "import pytest\n\n@pytest.fixture(autouse=True)\n"
    "def quick(monkeypatch):\n    monkeypatch.setattr('app.rank.order', list)\n"
)

RULE = Rule(
    id="GR519",
    name="unit-patched",
    gate="integrity",
    summary="A test that base had now replaces a part of the code that this change touches.",
    why="A test that brings its own answer says nothing about the code.",
    remedy="Test the real code; replace only what lies outside the service.",
    effect=Effect.BLOCK,
    bad=(
        Example(
            base={_FILE: _TEST, "app/rank.py": "a = 1\n"},
            files={_FILE: _PATCHED, "app/rank.py": "a = 2\n"},
        ),
        Example(
            base={_FILE: _TEST, "app/rank.py": "a = 1\n"},
            files={_FILE: _TEST, "tests/conftest.py": _AUTOUSE, "app/rank.py": "a = 2\n"},
        ),
    ),
    good=(
        Example(
            base={_FILE: _TEST, "app/rank.py": "a = 1\n"},
            files={_FILE: _PATCHED.replace("app.rank.order", "time.time"), "app/rank.py": "a = 2\n"},
        ),
        Example(
            base={_FILE: _PATCHED, "app/rank.py": "a = 1\n"},
            files={_FILE: _PATCHED, "app/rank.py": "a = 2\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a review for each test, a block for each new autouse fixture, that patches changed code."""
    modules = {one.path.removesuffix(".py").replace("/", ".") for one in view.files(Role.PRODUCT)}
    for pair in view.pairing.pairs:
        for target in pair.head.patches:
            if target not in pair.base.patches and _is_in(target, modules):
                yield _finding(pair.head.path, pair.head.line, pair.head.name, target, Effect.REVIEW)
    for path, suite in view.suites_after.items():
        before = view.suites_before[path].cases if path in view.suites_before else {}
        for case in suite.cases.values():
            known = before[case.name].patches if case.name in before else ()
            for target in case.patches if case.is_autouse else ():
                if target not in known and _is_in(target, modules):
                    yield _finding(path, case.line, case.name, target, Effect.BLOCK)


def _is_in(target: str, modules: set[str]) -> bool:
    """Whether a patched name belongs to a changed module, whatever source folder it lies in."""
    owner = target.rpartition(".")[0]
    return any(
        one == owner or one.endswith("." + owner) or owner.endswith("." + one) for one in modules if owner
    )


def _finding(path: str, line: int, name: str, target: str, effect: Effect) -> Finding:
    return finding_of(
        RULE,
        effect,
        Location(path, line, name),
        f"{name} replaces {target}, which this change touches",
        subject=target,
        evidence=(Before("", target),),
    )
