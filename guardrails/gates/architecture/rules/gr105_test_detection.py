"""Product code that knows it is being tested can pass every test and still be wrong."""

import ast
import re
from collections.abc import Iterator, Sequence

from guardrails.analysis.code.facts import Call, Comparison, Flag, Mark
from guardrails.analysis.code.marks import Here
from guardrails.analysis.code.reading.paths import joined_text
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_RUNNERS = frozenset(
    {"pytest", "_pytest", "unittest", "nose", "hypothesis", "schemathesis", "coverage", "tox"}
)
_VARIABLE = (  # compiled when it is first used, as the next
    r"(PYTEST_\w+|TESTING|TEST_MODE|IS_TEST|IN_TEST|UNIT_TEST\w*|RUNNING_TESTS|CI|GITHUB_ACTIONS|GITLAB_CI|GUARDRAILS_\w+)\Z"
)
_ALWAYS = r"(?i)PYTEST_CURRENT_TEST|PYTEST_VERSION|PYTEST_XDIST_WORKER\w*|x-guardrails-[\w-]+\Z"
_BEGINNINGS = ("pytest_", "x-guardrails-")
_ENVIRONMENT = ("os.environ", "os.environb", "os.getenv")
_ASKED = (*_ENVIRONMENT, "sys.modules.")
_FRAMES = frozenset({"sys._getframe", "inspect.stack", "inspect.currentframe", "traceback.extract_stack"})
_TRACERS = frozenset({"sys.gettrace", "sys.getprofile", "threading.gettrace", "sys.monitoring.get_tool"})
_PROCESS = frozenset({"sys.modules", "sys.argv", "sys.orig_argv"})
_SEEKING = frozenset(
    {"startswith", "endswith", "find", "index", "count", "__contains__", "fullmatch", "match", "search"}
)
NODES = ("Compare", "Call")
CALLED = _SEEKING
_LOADED = ("sys.modules", "sys.argv", "__file__")

RULE = Rule(
    id="GR105",
    name="test-detection",
    gate="architecture",
    summary="Product code asks whether it is being tested or judged.",
    why="A branch that runs only under a test runner, in CI or under this harness is never what users get. "
    "It makes tests pass without making the product right.",
    remedy="Remove the branch; pass what differs in tests in as an argument or a setting with a name of its own.",
    effect=Effect.BLOCK,
    bad=(
        example(
            """
            import os

            def rank():
                return 1 if 'PYTEST_CURRENT_TEST' in os.environ else 2
            """,
        ),
        example(
            """
            import sys

            UNDER_TEST = 'pytest' in sys.modules
            """,
        ),
        example(
            """
            import os

            def slow():
                if os.getenv('CI'):
                    return None
                return 1
            """,
        ),
        example(
            """
            from os import environ

            FAST = environ['TESTING']
            """,
        ),
        example(
            """
            def rank(request):
                return request.headers.get('x-guardrails-scenario')
            """,
        ),
        example(
            """
            import sys

            def tested():
                return any(name.startswith('pytest') for name in sys.modules)
            """,
        ),
        example(
            """
            import sys

            def tested():
                return 'pytest' in ' '.join(sys.argv)
            """,
        ),
        example(
            """
            import sys

            def rank():
                name = sys._getframe(1).f_code.co_name
                return name.startswith('test_')
            """,
        ),
    ),
    good=(
        example(
            """
            import os

            REGION = os.environ['REGION']
            """,
        ),
        example(
            """
            import sys

            def loaded():
                return 'numpy' in sys.modules
            """,
        ),
        example(
            """
            TOOLS = ('ruff', 'pytest')

            def known(tool):
                return tool in TOOLS
            """,
        ),
        example(
            """
            import inspect

            def caller():
                return inspect.stack()[1].function
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a runner's name that is looked for among what is loaded or how the program was started."""
    held: Sequence[ast.AST]
    if isinstance(node, ast.Compare):
        sought, held = [node.left], node.comparators
    elif isinstance(node, ast.Call) and called(node)[1] in _SEEKING:
        owner = called(node)[0]
        sought, held = node.args[:1], [*here.around_in_function(), *([owner] if owner else [])]
    else:
        return
    names = [_runner(one) for one in sought]
    if any(names) and any(_is_of_the_process(one, here) for each in held for one in _near(each)):
        yield here.mark(node, f"product code looks for {names[0]} among what runs it", f"runner {names[0]}")


def _runner(node: ast.expr) -> str:
    text = joined_text(node).rpartition("/")[2]
    return text if text.partition(".")[0] in _RUNNERS else ""


def _near(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and what is in it; of a block or a function only what it goes through."""
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        yield from (inner for one in node.generators for inner in ast.walk(one.iter))
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        yield from ast.walk(node.iter)
    elif isinstance(node, ast.expr):
        yield from ast.walk(node)


def _is_of_the_process(node: ast.AST, here: Here) -> bool:
    return isinstance(node, (ast.Attribute, ast.Name)) and not _PROCESS.isdisjoint(here.meanings(node))


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every place that reads a test runner's, CI's or this harness's traces."""
    yield from _sought(module)
    for line, scope, what, subject in dict.fromkeys(_traces(module)):
        yield Found(line, scope, f"product code {what}", subject)


def _sought(module: Module) -> Iterator[Found]:
    """Yield the marks, and in guarded code what asks for a runner or a tracer by importing or calling."""
    told = {one.line for one in module.facts.comparisons if any(_compared(one))}
    yield from (one for one in module.marks(RULE.id) if one.line not in told)
    for call in module.facts.calls:
        if call.name == "importlib.util.find_spec":
            argument = _given(call)
            if argument.partition(".")[0] in _RUNNERS:
                yield Found(call.line, call.scope, f"product code looks for {argument}", f"runner {argument}")
        elif call.name in _TRACERS and module.is_guarded:
            yield Found(call.line, call.scope, f"product code asks {call.name} who watches", call.text)
    for one in module.facts.imports if module.is_guarded else ():
        if one.module.partition(".")[0] in _RUNNERS and one.flags & Flag.GUARDED:
            yield Found(
                one.line, one.scope, f"product code tries to import {one.module}", f"runner {one.module}"
            )


_Trace = tuple[int, int, str, str]


def _traces(module: Module) -> Iterator[_Trace]:
    facts = module.facts
    yield from _named(module)
    for call in facts.calls:
        argument = _given(call) if call.name.startswith(_ASKED) else ""
        if not argument:
            continue
        if call.name.startswith(_ENVIRONMENT) and re.match(_VARIABLE, argument):
            yield call.line, call.scope, f"reads the variable {argument}", f"variable {argument}"
        elif call.name.startswith("sys.modules.") and argument.partition(".")[0] in _RUNNERS:
            yield call.line, call.scope, f"looks whether {argument} is loaded", f"runner {argument}"
    for mention in facts.subscripts:
        owner, _, key = mention.text.partition("[")
        variable = _constant(key.removesuffix("]"))
        if owner in _ENVIRONMENT and re.match(_VARIABLE, variable):
            yield mention.line, mention.scope, f"reads the variable {variable}", f"variable {variable}"
        elif owner == "sys.modules" and variable.partition(".")[0] in _RUNNERS:
            yield mention.line, mention.scope, f"looks whether {variable} is loaded", f"runner {variable}"
    for comparison in facts.comparisons:
        yield from _compared(comparison)


def _named(module: Module) -> Iterator[_Trace]:
    framed = {call.scope for call in module.facts.calls if call.name in _FRAMES}
    for mention in module.facts.strings:
        if mention.text.casefold().startswith(_BEGINNINGS) and re.match(_ALWAYS, mention.text):
            yield mention.line, mention.scope, f"names {mention.text}", f"variable {mention.text}"
        elif mention.scope in framed and re.match(r"(test_|tests?/|_?pytest)", mention.text):
            yield mention.line, mention.scope, "looks for a test among its callers", f"caller {mention.text}"


def _compared(one: Comparison) -> Iterator[_Trace]:
    if one.operators[0] not in {"In", "NotIn"}:
        return
    first, *others = one.operands
    value = _constant(first)
    if not value:
        return
    held = others[0]
    if held.startswith(_LOADED) and value.partition(".")[0] in _RUNNERS:
        yield one.line, one.scope, f"looks whether {value} is loaded", f"runner {value}"
    elif held in _ENVIRONMENT and re.match(_VARIABLE, value):
        yield one.line, one.scope, f"reads the variable {value}", f"variable {value}"


def _given(call: Call) -> str:
    """Return the constant that a call is given first; the empty text for anything else."""
    return _constant(call.arguments[0]) if call.arguments else ""


def _constant(text: str) -> str:
    return text[1:-1] if text[:1] in {"'", '"'} else ""
