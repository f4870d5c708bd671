"""GR510: code reaches into the test runner or the interpreter to decide how a run ends."""

import ast
from collections.abc import Iterator, Mapping
from posixpath import basename

from guardrails.gates.integrity.source import aliases_of, dotted_name, functions_of, parse, unparse
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_STARTUP = frozenset({"sitecustomize.py", "usercustomize.py"})
_OUTCOMES = frozenset(
    {"outcome", "passed", "failed", "wasxfail", "excinfo", "longrepr", "exitstatus", "testsfailed"}
)
_EXITS = frozenset({"os._exit", "os.abort", "os.kill"})
_INTERNALS = ("pytest.", "_pytest.", "unittest.case.", "unittest.TestCase.", "unittest.result.", "pluggy.")
_TELLING = ("exit", "pytest", "unittest", "pluggy", "hook", "abort", "setattr", "PYTEST")
_FILE = "tests/conftest.py"

RULE = Rule(
    id="GR510",
    name="harness-hook",
    gate="integrity",
    summary="Code decides by itself how the test run reports or ends.",
    why="A run that reports its own success proves nothing, whatever the tests say.",
    remedy="Remove the hook; let the runner report and end by itself.",
    effect=Effect.BLOCK,
    final=True,
    bad=(
        Example(
            base={},
            files={_FILE: "def pytest_runtest_makereport(item, call):\n    report.outcome = 'passed'\n"},
        ),
        Example(base={}, files={"app/exit.py": "import os, atexit\natexit.register(lambda: os._exit(0))\n"}),
        Example(base={}, files={"sitecustomize.py": "import app\n"}),
        Example(base={}, files={_FILE: "import _pytest.reports as r\nr.TestReport.failed = False\n"}),
    ),
    good=(
        Example(
            base={},
            files={_FILE: "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow')\n"},
        ),
        Example(base={}, files={"app/cli.py": "import sys\n\ndef main():\n    sys.exit(run())\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each place where head newly takes over the runner or the interpreter."""
    for file in view.change.files:
        if file.new is None:
            continue
        if basename(file.path) in _STARTUP or file.path.endswith(".pth"):
            yield _finding(file.path, 0, "runs by itself whenever Python starts", view.after(file.path)[:200])
        if not file.path.endswith(".py"):
            continue
        known = {text for text, _, _ in _takeovers(view.before(file.path))}
        for text, line, what in _takeovers(view.after(file.path)):
            if text not in known:
                yield _finding(file.path, line, what, text)


def _finding(path: str, line: int, what: str, text: str) -> Finding:
    return finding_of(
        RULE,
        Effect.BLOCK,
        Location(path, line),
        f"{path!r} {what}",
        subject=text,
        evidence=(Before("", text),),
    )


def _takeovers(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield (code, line, what it does) of everything that takes over the run."""
    module = parse(text) if any(one in text for one in _TELLING) else None
    if module is None:
        return
    aliases = aliases_of(module)
    for node in ast.walk(module):
        what = _takes_over(node, aliases)
        if what:
            yield unparse(node), getattr(node, "lineno", 0), what
    for _, function, _ in functions_of(module):
        if function.name.startswith("pytest_"):
            yield from _hook(function)


def _takes_over(node: ast.AST, aliases: Mapping[str, str]) -> str:
    if isinstance(node, ast.Call):
        return _call(node, aliases)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return next((what for one in targets if (what := _target(one, node.value, aliases))), "")
    return ""


def _call(node: ast.Call, aliases: Mapping[str, str]) -> str:
    name = dotted_name(node.func, aliases)
    if name in _EXITS and name != "os.kill":
        return f"ends the process through {name}"
    if name == "setattr" and node.args and dotted_name(node.args[0], aliases).startswith(_INTERNALS):
        return "replaces a part of the test runner"
    if name == "atexit.register" and node.args and "exit" in unparse(node.args[0]).lower():
        return "decides at exit how the process ends"
    return ""


def _target(target: ast.expr, value: ast.expr | None, aliases: Mapping[str, str]) -> str:
    name = dotted_name(target, aliases)
    if name in {"sys.excepthook", "sys.exit", "builtins.exit", "sys.unraisablehook", "threading.excepthook"}:
        return f"replaces {name}"
    other = dotted_name(value, aliases) if value is not None else ""
    if other and (other[:-1] == name or other == name[:-1]):
        return ""  # another spelling of the same method, for an older or newer Python
    if isinstance(target, ast.Attribute) and name.startswith(_INTERNALS):
        return "replaces a part of the test runner"
    if isinstance(target, ast.Subscript) and unparse(target) in {"os.environ['PYTEST_ADDOPTS']"}:
        return "hands options to the test runner through the environment"
    return ""


def _hook(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(one, ast.Attribute) and one.attr in _OUTCOMES for one in targets):
            yield unparse(node), function.lineno, f"rewrites an outcome in {function.name}"
        elif isinstance(node, ast.Call) and unparse(node.func) in {"sys.exit", "exit", "quit", "pytest.exit"}:
            yield unparse(node), function.lineno, f"ends the run in {function.name}"
        elif isinstance(node, ast.Call) and unparse(node.func).endswith(".force_result"):
            yield unparse(node), function.lineno, f"rewrites an outcome in {function.name}"
    if function.name in {"pytest_runtest_protocol", "pytest_pyfunc_call", "pytest_runtest_call"}:
        yields = any(isinstance(one, ast.Yield) for one in ast.walk(function))
        if not yields and any(
            isinstance(one, ast.Return) and one.value is not None for one in ast.walk(function)
        ):
            yield unparse(function), function.lineno, f"runs tests by itself in {function.name}"
