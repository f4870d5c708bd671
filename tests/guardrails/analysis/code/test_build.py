import string
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.analysis.code.build import LARGEST_SOURCE, facts_of
from guardrails.analysis.code.facts import Facts, Flag, Parameter, decode, encode

NEWER = """\
lazy import x
def f[T: int = str](x: T) -> T:
    return first(x)
class A[T]:
    type X[T] = list[T]
try:
    pass
except A, B:
    pass
x = f'''{a['b']}

 {f"{second(1)}"}'''
y = t'{third(a)}'
z = 'a' f'{fourth(f"{y}")}' 'b'
w = [*fifth(a) for a in b]
"""


def test_syntax_of_a_newer_python_keeps_its_calls_and_lines() -> None:
    facts = facts_of(NEWER.encode())
    assert facts.unparsable == ""
    assert {call.name.lstrip("?"): call.line for call in facts.calls} == {
        "first": 3, "second": 12, "third": 13, "fourth": 14, "fifth": 15,
    }  # fmt: skip
    assert [one.module for one in facts.imports] == ["x"]


@pytest.mark.parametrize(
    "source",
    [
        b"def f(:\n",
        b"a\0b",
        b"x = '\xe9'\n",
        b"# coding: no-such-codec\n",
        b"x = " + b"(" * 5000,
        b"x = " + b"[" * 3000 + b"]" * 3000 + b"\nexcept A, B\n",
        b"x = " + b"1+" * 20_000 + b"1",
        b"x = a" + b".b()" * 5000,
        b"x = " + b"-" * 50_000 + b"1",
        b"x = " + b"not " * 50_000 + b"1",
        b"lambda:" * 5000 + b"1",
        b"f" + b"(f" * 50_000,
        b"if x:\n 1\n" + b"elif x:\n 1\n" * 20_000,
        b"x = '" + b"a" * LARGEST_SOURCE + b"'",
        "\ufeff# coding: latin-1\nx = 1".encode(),
    ],
    ids=range(15),
)
def test_file_that_cannot_be_read_says_so_and_does_not_crash(source: bytes) -> None:
    facts = facts_of(source)
    assert facts.unparsable
    assert facts.calls == ()


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xef\xbb\xbfcall()\n",
        b"# coding: latin-1\ncall('\xe9')\n",
        "call('é')\r\n".encode(),
        b"call('\\d')  # an invalid escape is a warning of the compiler\n",
        b"x = " + b"1+" * 900 + b"call()",
        b"x = '" + b"a" * 1_000_000 + b"'; call()",
    ],
    ids=range(7),
)
def test_odd_but_valid_file_is_read(source: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts = facts_of(source)
    assert facts.unparsable == ""
    assert [call.name for call in facts.calls] == ["?call"] * bool(source)


@given(st.text(alphabet=string.printable, max_size=80))
def test_any_text_gives_facts_that_survive_storage(text: str) -> None:
    facts = facts_of(text.encode())
    assert decode(encode(facts)) == facts


def test_facts_tell_how_imports_and_calls_stand() -> None:
    facts = facts_of(
        b"from typing import TYPE_CHECKING\n"
        b"if TYPE_CHECKING:\n    import a\n"
        b"try:\n    import b\nexcept ImportError:\n    b = None\n"
        b"async def f():\n    import c\n    await g()\n    for _ in x:\n        h()\n    with k():\n        pass\n"
        b"    [l() for _ in x]\n    __import__('d')\n"
    )
    assert {one.module: one.flags for one in facts.imports if one.module in "abcd"} == {
        "a": Flag.TYPING,
        "b": Flag.GUARDED,
        "c": Flag.LAZY,
        "d": Flag.DYNAMIC,
    }
    assert {call.name: call.flags for call in facts.calls} == {
        "?g": Flag.AWAITED,
        "?h": Flag.LOOPED | Flag.EACH,
        "?k": Flag.ENTERED,
        "?l": Flag.LOOPED | Flag.EACH,
        "builtins.__import__": 0,
    }


def test_same_code_under_another_name_or_with_other_blanks_has_the_same_snippet() -> None:
    one = facts_of(b"import time as t\nt.sleep( 1,\n  x = 2 )")
    other = facts_of(b"from time import sleep\nsleep(1, x=2)")
    assert one.calls[0].text == other.calls[0].text == "time.sleep(1, x=2)"


def test_empty_file_has_a_module_scope_alone() -> None:
    assert facts_of(b"") == Facts()


ORDERED = """\
import fastapi
from contextlib import suppress
def f(x=default):
    first()
    if test():
        inner()
        deeper() and arm()
    else:
        other()
    with suppress(E):
        maybe()
    try:
        guarded()
    except (fastapi.HTTPException, OSError) as error:
        handled()
        return None
    finally:
        always()
    [each() for one in items()]
    raise fastapi.HTTPException(404, detail=x)
class Card(Model):
    title: str | None = None
    score: "float"
"""


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ("first", "inner", True),
        ("first", "always", True),
        ("test", "inner", True),
        ("test", "other", True),
        ("inner", "deeper", True),
        ("deeper", "arm", True),
        ("items", "each", True),
        ("always", "items", True),
        ("inner", "other", False),
        ("inner", "always", False),
        ("arm", "always", False),
        ("maybe", "always", False),
        ("guarded", "handled", False),
        ("guarded", "always", False),
        ("each", "fastapi.HTTPException", False),
        ("always", "first", False),
    ],
)
def test_a_call_dominates_another_only_if_every_way_passes_it(
    earlier: str, later: str, expected: bool
) -> None:
    facts = facts_of(ORDERED.encode())
    calls = {call.name.lstrip("?"): call for call in facts.calls}
    assert facts.dominates(calls[earlier], calls[later]) is expected


def test_facts_tell_what_is_raised_caught_declared_and_given_by_default() -> None:
    facts = facts_of(ORDERED.encode())
    (one,) = facts.raises
    assert (one.name, one.arguments, one.keyword("detail"), one.line) == (
        "fastapi.HTTPException",
        ("404",),
        "x",
        20,
    )
    (handler,) = facts.handlers
    assert handler.kinds == ("fastapi.HTTPException", "builtins.OSError")
    assert (handler.ends, handler.value) == ("return", "None")
    calls = {call.name.lstrip("?"): call for call in facts.calls}
    assert facts.is_within(calls["handled"].block, handler.block)
    assert facts.is_within(calls["guarded"].block, handler.guarded)
    assert [(one.name, one.annotation, one.kind, one.default) for one in facts.fields] == [
        ("title", "str | None", "builtins.str", "None"),
        ("score", "'float'", "builtins.float", ""),
    ]
    assert facts.scopes[1].parameters == (Parameter("x", "", "default"),)


def test_facts_tell_loops_over_data_from_loops_over_numbers_and_scripts_from_imports() -> None:
    facts = facts_of(
        b"for _ in range(3):\n    a()\nfor _ in (1, 2):\n    b()\nwhile c():\n    pass\n"
        b"async def f(rows):\n    async for _ in rows:\n        d()\n    {e() for _ in rows.all()}\n"
        b"if __name__ == '__main__':\n    g()\n"
    )
    flags = {call.name: call.flags for call in facts.calls}
    assert {name for name, one in flags.items() if one & Flag.EACH} == {"?d", "?e"}
    assert {name for name, one in flags.items() if one & Flag.LOOPED} == {"?a", "?b", "?c", "?d", "?e"}
    assert {name for name, one in flags.items() if one & Flag.SCRIPT} == {"?g"}
