"""Each fix on code that is laid out in every way: what it writes parses, and the rest stays to the byte."""

import ast

import pytest

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import fixes_by_rule

FIXES = fixes_by_rule()
EVERY = frozenset(range(1, 40))


def mended(rule: str, source: str | bytes) -> str:
    text = Text(source if isinstance(source, bytes) else source.encode())
    after = text.edited(FIXES[rule].edits(text, EVERY)).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("r.get()", "r.get(timeout=10)"),
        ("r.get( )", "r.get( timeout=10)"),
        ("r.get(url)", "r.get(url, timeout=10)"),
        ("r.get((url))", "r.get((url), timeout=10)"),
        ("r.get(((url) ) , )", "r.get(((url) ), timeout=10 , )"),
        ("r.get(url,)", "r.get(url, timeout=10,)"),
        ("r.get('é', x=(1))", "r.get('é', x=(1), timeout=10)"),
        ("r.get(\n    url,\n    x=1,\n)", "r.get(\n    url,\n    x=1,\n    timeout=10,\n)"),
        (
            "r.get(\n    url,\n    x=(1),  # one, (\n)",
            "r.get(\n    url,\n    x=(1),\n    timeout=10,  # one, (\n)",
        ),
        ("r.get(  # a, )\n    url\n)", "r.get(  # a, )\n    url, timeout=10\n)"),
        ("r.get(*a, **b)", "r.get(*a, **b, timeout=10)"),
        ("r.get(r.post(url))", "r.get(r.post(url, timeout=10), timeout=10)"),
        ("r.get(x for x in y)", "r.get(x for x in y)"),
        ("r.get(url, timeout=1)", "r.get(url, timeout=1)"),
        ("r.get(\\\n  url \\\n)", "r.get(\\\n  url, timeout=10 \\\n)"),
    ],
)
def test_a_bound_stands_behind_the_other_arguments(before: str, after: str) -> None:
    assert mended("GR103", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("time.sleep(1)", "await asyncio.sleep(1)"),
        ("x = time.sleep(1).y", "x = (await asyncio.sleep(1)).y"),
        ("'é'; time.sleep( 1 )  # é", "'é'; await asyncio.sleep( 1 )  # é"),
        ("f(lambda: time.sleep(1))", "f(lambda: time.sleep(1))"),
    ],
)
def test_a_sleep_is_awaited(before: str, after: str) -> None:
    head = '"""Say."""\n\nfrom __future__ import annotations\n'
    imports = "import time\n\n\nasync def f():\n    "
    added = "import asyncio\n" if before != after else ""
    assert mended("GR102", f"{head}{imports}{before}\n") == f"{head}{added}{imports}{after}\n"
    with_asyncio = f"import asyncio\n{imports}"
    assert mended("GR102", f"{with_asyncio}{before}\n") == f"{with_asyncio}{after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for x in {1}: pass", "for x in sorted({1}): pass"),
        ("for x in (a | b): pass", "for x in (sorted(a | b)): pass"),
        ("for x in a, b: pass", "for x in sorted((a, b)): pass"),
        ("[x for x in\n set(a)]", "[x for x in\n sorted(set(a))]"),
        ("for x in sorted(a): pass", "for x in sorted(a): pass"),
    ],
)
def test_a_set_is_sorted(before: str, after: str) -> None:
    assert mended("GR152", before) == after


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_unreached_statements_go_and_their_neighbours_stay(end: str) -> None:
    text = "\n".join(
        [
            *("def f():", "    if a:", "        return 1", "        # deeper", "    # above", "    b(); c()"),
            *("    @d", "    def g(): pass  # g", "    # below", "X = 1", ""),
        ]
    ).replace("\n", end)
    text_of = Text(text.encode())
    edits = FIXES["GR173"].edits(text_of, frozenset({6}))
    kept = ["def f():", "    if a:", "        return 1", "        # deeper", "    # below", "X = 1", ""]
    assert text_of.edited(edits).decode() == end.join(kept)
    assert [*FIXES["GR173"].edits(Text(b"x = 1; y = 2\n"), frozenset({1}))] == []


def test_a_file_keeps_its_encoding_and_mark() -> None:
    source = "# -*- coding: latin-1 -*-\nNAME = 'é'\nr.get(NAME)\n".encode("latin-1")
    text = Text(source)
    assert text.edited(FIXES["GR103"].edits(text, EVERY)) == source.replace(b"NAME)", b"NAME, timeout=10)")
    marked = Text(b"\xef\xbb\xbfr.get(1)\r\n")
    assert marked.edited(FIXES["GR103"].edits(marked, EVERY)) == b"\xef\xbb\xbfr.get(1, timeout=10)\r\n"


def test_an_edit_inside_another_is_left_out() -> None:
    assert Text(b"abcdef\n").edited([Edit(1, 4, "-"), Edit(2, 3, "x"), Edit(4, 4, "+")]) == b"a-+ef\n"
