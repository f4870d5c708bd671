"""Tests that are made to fail must fail, and nothing else of their file may change."""

import textwrap
import unittest

import pytest

from guardrails.gates.integrity.overlay.spoiled import SpoiledTree, spoiled
from tests.repos.memory import MemoryTree

SHAPES = {
    "a plain body": "def test_a():\n    assert 1\n",
    "an early return": "def test_a():\n    if 1:\n        return\n    assert 0\n",
    "a return at the end": "def test_a():\n    for _ in '1':\n        return None\n",
    "a string over lines": 'def test_a():\n    x = """\nreturn\n"""\n    assert x  # why\n',
    "tabs": "def test_a():\n\tif 1:\n\t\tassert 1\n",
    "windows": "def test_a():\r\n    assert 1\r\n",
    "no last line end": "def test_a():\n    assert 1",
    "a compound end": "def test_a():\n    with open('/dev/null') as f:\n        assert not f.read()\n",
    "a block": "if True:\n    def test_a():\n        assert 1\n",
    "many examples": (
        "from hypothesis import given, strategies as st\n\n@given(st.lists(st.text()))\n"
        "def test_a(x):\n    assert x == x\n"
    ),
    "other letters": "def test_a():\n    é = 'é'; assert é\n    return\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_a_spoiled_function_fails_and_the_plain_one_does_not(text: str) -> None:
    for content, fails in (
        (text.encode(), False),
        (spoiled(text.encode(), frozenset({"test_a"}), "k"), True),
    ):
        space: dict[str, object] = {}
        exec(content, space)
        test = unittest.FunctionTestCase(space["test_a"])  # type: ignore[arg-type]  # defined by the text
        assert bool(test.run().failures) is fails  # type: ignore[union-attr]  # a run without a result makes one


def test_only_the_named_functions_are_spoiled() -> None:
    text = textwrap.dedent(
        """
        def test_a():
            assert 1

        class Test:
            def test_a(self):
                def inner():
                    return 1
                assert inner()

            def test_b(self):
                assert 1
        """
    )
    lines = spoiled(text.encode(), frozenset({"Test::test_a"}), "k").decode().split("\n")
    added = [line for line in lines if line not in text.split("\n")]
    assert len(added) == 1 and len(lines) == len(text.split("\n")) + 1
    assert lines.index(added[0]) == lines.index("        assert inner()") + 1


def test_hypothesis_runs_a_spoiled_test_no_more_often_than_the_plain_one() -> None:
    space: dict[str, list[int]] = {}
    text = "calls = []\n" + SHAPES["many examples"].replace("assert", "calls.append(1); assert")
    exec(spoiled(text.encode(), frozenset({"test_a"}), "k"), space)
    with pytest.raises(AssertionError):
        space["test_a"]()  # type: ignore[operator]  # defined by the text
    assert 0 < len(space["calls"]) <= 100


@pytest.mark.parametrize("content", [b"def test_a(): assert 1\n", b"def test_a(:\n", b"\xff", b""])
def test_what_cannot_be_spoiled_stays_as_it_is(content: bytes) -> None:
    assert spoiled(content, frozenset({"test_a"}), "k") == content


def test_a_spoiled_tree_differs_by_its_key_and_keeps_other_files() -> None:
    tree = MemoryTree({"tests/test_a.py": SHAPES["a plain body"], "app.py": SHAPES["a plain body"]})
    names = {"tests/test_a.py": frozenset({"test_a"})}
    one, other = SpoiledTree(tree, names, "1"), SpoiledTree(tree, names, "2")
    assert len({tree.id, one.id, other.id}) == 3
    assert one.read("app.py") == tree.read("app.py")
    assert one.read("tests/test_a.py") not in {tree.read("tests/test_a.py"), other.read("tests/test_a.py")}
    assert one.read("nowhere") is None
