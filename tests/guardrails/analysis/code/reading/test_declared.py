import ast
import time

import pytest

from guardrails.analysis.code.build import facts_of
from guardrails.analysis.code.reading.declared import declared_the_older_way

DECLARED = """\
type Pair[T: (int, str) = int] = tuple[T, T]
type Plain = dict[str, list[int]]
class Box[T: (dict[str, dict[str, int]], list[int])](
    Base[T],
):
    async def take[
        *Ts,
        **P,
    ](self, one: T) -> None:
        inner(1)
class Bare[T]:
    pass
last()
"""


def test_type_parameters_and_aliases_are_written_the_older_way_on_the_same_lines() -> None:
    older = declared_the_older_way(DECLARED.encode())
    assert older is not None
    assert older.count(b"\n") == DECLARED.count("\n")
    ast.parse(older)
    facts = facts_of(DECLARED.encode())
    assert [(call.name, call.line) for call in facts.calls] == [("?inner", 10), ("?last", 13)]
    assert [one.name for one in facts.scopes if one.name] == ["Box", "Box.take", "Bare"]


def test_file_that_declares_nothing_newer_is_left_alone() -> None:
    assert declared_the_older_way(b"types = 1\ntype(x)\ndef f(a): ...\nx[1] = 2\n") is None


@pytest.mark.parametrize(
    "piece", ["class A[", "type X[", "def f[(", "class A[T](\n", "type X[T[", "def f[a[b](("]
)
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    def spent(count: int) -> float:
        before = time.process_time()
        declared_the_older_way(f"{piece}\n".encode() * count)
        return time.process_time() - before

    spent(1_000)
    assert spent(64_000) < 0.5 + 8 * spent(16_000)
