import ast
import gc
from collections.abc import Callable, Iterator

import pytest

from guardrails.analysis.code.build import read_source
from guardrails.analysis.code.facts import Flag, Mark, decode_marks, encode_marks
from guardrails.analysis.code.hooks import Hooks, Looks
from guardrails.analysis.code.marks import Here, body_of
from guardrails.analysis.code.tree import Code
from tests.repos.memory import MemoryCache, MemoryTree

Look = Callable[[ast.AST, Here], Iterator[Mark]]

CODE = """\
import time as t
async def outer(jobs):
    nap = t.sleep
    for job in jobs:
        with job:
            nap(1)
    return [t.sleep(t) for t in jobs]
def later():
    await_me = early
    if await_me():
        return lambda: t.sleep(2)
early = t.sleep
"""


def _marked(source: str, look: Look, *kinds: str) -> tuple[Mark, ...]:
    return read_source(source.encode(), Hooks("x", lambda: Looks(dict.fromkeys(kinds, (("GR1", look),)))))[1]


def _named(node: ast.AST, here: Here) -> Iterator[Mark]:
    assert isinstance(node, ast.Call)
    yield here.mark(node, f"{here.name(node.func)} in {here.symbol}", names=here.meanings(node.func))


def test_rule_is_told_what_names_mean_also_those_that_are_bound_further_down() -> None:
    found = _marked(CODE, _named, "Call")
    assert [(one.line, one.message) for one in found] == [
        (6, "time.sleep in outer"),
        (7, " in outer"),
        (10, "time.sleep in later"),
        (11, "time.sleep in later.<lambda 3>"),
    ]


def test_rule_is_told_what_holds_a_node() -> None:
    def tell(node: ast.AST, here: Here) -> Iterator[Mark]:
        held = "/".join(type(one).__name__ for one in here.around_in_function())
        yield here.mark(node, f"{held} {here.is_async} {bool(here.flags & Flag.LOOPED)}")

    assert [one.message for one in _marked(CODE, tell, "Call")] == [
        "With/For/AsyncFunctionDef True True",
        "ListComp/AsyncFunctionDef True True",
        "If/FunctionDef False False",
        "Lambda False False",
    ]


@pytest.mark.parametrize(
    "kind", ["Raise", "Dict", "Return", "Try", "Assert", "Starred", "MatchClass", "Module"]
)
def test_every_kind_of_node_can_be_asked_for_and_is_shown_once(kind: str) -> None:
    source = "try:\n    f(*a)\nfinally:\n    pass\nassert {}\ndef g(x):\n    match x:\n        case A():\n"
    source += "            raise x\n    return x\n"

    def see(node: ast.AST, here: Here) -> Iterator[Mark]:
        yield here.mark(node, type(node).__name__)

    assert [one.message for one in _marked(source, see, kind)] == [kind]


def test_inside_of_a_node_leaves_nested_functions_out() -> None:
    tree = ast.parse("def f():\n    a()\n    def g():\n        b()\n    c(lambda: d())\n").body[0]
    assert [one.id for one in body_of(tree) if isinstance(one, ast.Name)] == ["a", "c"]


def test_marks_are_kept_by_blob_and_code_of_the_rules() -> None:
    cache, loaded = MemoryCache(), []

    def load() -> Looks:
        loaded.append(1)
        return Looks({"Call": (("GR1", _named),)})

    def marks(digest: str, path: str) -> tuple[Mark, ...]:
        return Code(MemoryTree({path: CODE}), cache, hooks=Hooks(digest, load)).marks(path)

    first = marks("one", "a.py")
    assert first
    assert marks("one", "renamed.py") == first
    assert len(loaded) == 1
    assert marks("two", "a.py") == first
    assert len(loaded) == 2


def test_marks_survive_storage() -> None:
    found = _marked(CODE, _named, "Call")
    assert decode_marks(encode_marks(found)) == found


BY_CALL = """\
import app
from jobs import start as begin
begin()
kept = begin()
@app.route("/")
@begin
def routed(): pass
@app.other("/")
def another(): pass
unknown()
"""


@pytest.mark.parametrize(
    ("asked", "lines"),
    [("Expr.start", [3]), ("FunctionDef.route", [7]), ("Call.?", [10]), ("Call.start", [3, 4])],
)
def test_statements_and_definitions_are_shown_by_the_name_of_their_call(asked: str, lines: list[int]) -> None:
    def look(node: ast.AST, here: Here) -> Iterator[Mark]:
        assert type(node).__name__ == asked.partition(".")[0]
        assert here.scope == 0
        assert list(here.around()) == []
        yield here.mark(node, "seen")

    assert [one.line for one in _marked(BY_CALL, look, asked)] == lines


def test_nothing_of_a_syntax_tree_outlives_the_reading_of_its_file() -> None:
    def alive() -> int:
        return sum(isinstance(one, ast.stmt) for one in gc.get_objects())

    gc.collect()
    gc.disable()  # as it is while many files are read
    try:
        before = alive()
        assert _marked(CODE, _named, "Call")
        assert alive() == before
    finally:
        gc.enable()
