"""What the tampering cases share: a small project, its tests, and the shape of a case."""

from dataclasses import dataclass

from guardrails.model.finding import Effect

BLOCK, REVIEW = Effect.BLOCK, Effect.REVIEW

CODE = "def rank(user, tracks):\n    return sorted(tracks)\n"
CODE2 = "def rank(user, tracks):\n    return list(tracks)\n"
TEST = """\
import pytest
from app.rank import rank


def test_order():
    result = rank("ann", ["b", "a"])
    assert result == ["a", "b"]
    assert len(result) == 2


def test_score():
    assert rank("bob", [2, 1])[0] == pytest.approx(1.0, rel=1e-6)
"""
UNITTEST = """\
import unittest
from app.rank import rank


class RankTest(unittest.TestCase):
    def test_order(self):
        self.assertEqual(rank("ann", ["b", "a"]), ["a", "b"])

    def test_refuses(self):
        with self.assertRaisesRegex(ValueError, "no tracks"):
            rank("ann", [])
"""
T = "tests/test_rank.py"
BASE = {"app/rank.py": CODE, T: TEST}


@dataclass(frozen=True)
class Case:
    """A change, the rule that must find it, and at least what that does."""

    name: str
    base: dict[str, str]
    head: dict[str, str]
    rule: str = ""
    effect: Effect = BLOCK


def edited(old: str, new: str, text: str = TEST) -> str:
    assert old in text
    return text.replace(old, new)


def tests(name: str, text: str, rule: str, effect: Effect = BLOCK, base: str = TEST) -> Case:
    return Case(name, {"app/rank.py": CODE, T: base}, {"app/rank.py": CODE2, T: text}, rule, effect)


def files(
    name: str, path: str, before: str, after: str, rule: str, effect: Effect = BLOCK, *, code: bool = True
) -> Case:
    base = {"app/rank.py": CODE, path: before} if before else {"app/rank.py": CODE}
    head = {"app/rank.py": CODE2 if code else CODE, path: after}
    return Case(name, base, head, rule, effect)
