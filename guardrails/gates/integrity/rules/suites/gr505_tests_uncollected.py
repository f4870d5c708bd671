"""GR505: tests of base are still written down somewhere, or not even that, but pytest never runs them."""

import ast
from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.source import functions_of, parse, unparse
from guardrails.gates.integrity.suites.suite import Suite
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_TEST = "from app.rank import rank\n\ndef test_top():\n    assert rank(3) == [1]\n"
_FILE = "tests/test_rank.py"
_DESELECT = (
    "def pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if one.name > 'x']\n"
)
_MARK = "def pytest_collection_modifyitems(items):\n    for one in items:\n        one.add_marker('slow')\n"

RULE = Rule(
    id="GR505",
    name="tests-uncollected",
    gate="integrity",
    summary="A test file was deleted, or its tests were put where pytest does not look.",
    why="A test that is not collected passes silently, and no summary line shows it.",
    remedy="Keep the tests in a file and under names that pytest collects.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _TEST, "app/rank.py": ""}, files={"app/rank.py": ""}),
        Example(base={_FILE: _TEST}, files={"tests/old_rank.py": _TEST}),
        Example(base={_FILE: _TEST}, files={_FILE: _TEST.replace("def test_top", "def disabled_top")}),
        Example(base={_FILE: _TEST}, files={_FILE: _TEST, "conftest.py": _DESELECT}),
    ),
    good=(
        Example(base={_FILE: _TEST}, files={"tests/ranking/test_order.py": _TEST}),
        Example(base={_FILE: _TEST}, files={_FILE: _TEST, "conftest.py": _MARK}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each deleted file, dormant test, ignored path and deselecting hook."""
    for file in view.files(Role.TEST):
        if file.new is None:
            yield from _deleted(view, file.path)
    for pair in view.pairing.dormant:
        yield finding_of(
            RULE,
            Effect.BLOCK,
            Location(pair.head.path, pair.head.line, pair.head.name),
            f"test {pair.base.name} became {pair.head.name}, which pytest does not collect",
            subject=pair.base.id,
        )
    for path, suite in view.suites_after.items():
        yield from _ignored(path, view.suites_before.get(path), suite)
        yield from _deselected(path, view.before(path), view.after(path))


def _deleted(view: View, path: str) -> Iterator[Finding]:
    lost = [case for case in view.pairing.removed if case.path == path]
    if not lost:
        return
    imports = view.suites_before[path].imports
    gone = [one.path for one in view.files(Role.PRODUCT) if one.new is None]
    modules = {one.removesuffix(".py").replace("/", ".") for one in gone}
    is_explained = any(name.startswith(module) for name in imports for module in modules)
    yield finding_of(
        RULE,
        Effect.REVIEW if is_explained else Effect.BLOCK,
        Location(path),
        f"test file {path!r} was deleted with {len(lost)} test(s) that are nowhere else"
        + (", like the module it tests" if is_explained else ""),
        subject=path,
        evidence=(Before("\n".join(case.name for case in lost), ""),),
    )


def _ignored(path: str, before: Suite | None, after: Suite) -> Iterator[Finding]:
    for text in after.ignores:
        if before is None or text not in before.ignores:
            yield finding_of(
                RULE,
                Effect.BLOCK,
                Location(path),
                f"{path!r} tells pytest to ignore test files",
                subject=text,
                evidence=(Before("", text),),
            )


def _deselected(path: str, before: str, after: str) -> Iterator[Finding]:
    known = {text for text, _ in _drops(before)}
    for text, line in _drops(after):
        if text not in known:
            yield finding_of(
                RULE,
                Effect.BLOCK,
                Location(path, line),
                f"{path!r} drops collected tests in a hook",
                subject=text,
                evidence=(Before("", text),),
            )


def _drops(text: str) -> Iterator[tuple[str, int]]:
    """Yield the statements of collection hooks that take items away or refuse to collect."""
    module = parse(text) if "pytest_" in text else None
    for _, function, _ in functions_of(module) if module else ():
        if function.name == "pytest_ignore_collect":
            yield unparse(function), function.lineno
        if function.name not in {"pytest_collection_modifyitems", "pytest_itemcollected"}:
            continue
        is_conditional = any(isinstance(one, ast.If) for one in ast.walk(function))
        for node in ast.walk(function):
            if _takes_away(node) or (_marks(node) and not is_conditional):
                yield unparse(node), function.lineno


def _marks(node: ast.AST) -> bool:
    """Whether the node marks a test to be skipped or expected to fail."""
    is_marking = (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_marker"
    )
    return is_marking and any(word in unparse(node) for word in ("skip", "xfail"))


def _takes_away(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        target = node.targets[0]
        return isinstance(target, ast.Subscript) and unparse(target.value) in {"items", "session.items"}
    if isinstance(node, ast.Delete):
        return any(unparse(one).startswith("items") for one in node.targets)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"clear", "remove", "pop", "pytest_deselected"} and "items" in unparse(node)
    return False
