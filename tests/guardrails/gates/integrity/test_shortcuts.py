"""What spares a hook time must answer as the plain way does."""

import ast
import inspect
import re

from hypothesis import given
from hypothesis import strategies as st

from guardrails.gates.integrity import literals, tokens
from guardrails.gates.integrity.literals import decisions_in, held_by
from guardrails.gates.integrity.source import nodes_in
from guardrails.gates.integrity.tokens import secrets_in

WORDS = st.text(alphabet="ab1._- é٣", min_size=1, max_size=4)
QUOTED = st.text(alphabet="aB3xQ9+/=.~-_ \n\"':=", max_size=40)
RANDOM = "aB3xQ9pL0zR7tV5wK2mN8"


def test_every_node_but_the_contexts_is_seen_in_the_order_of_the_standard_library() -> None:
    for module in (literals, tokens, ast):
        tree = ast.parse(inspect.getsource(module))
        walked = [one for one in ast.walk(tree) if not isinstance(one, ast.expr_context)]
        assert [*nodes_in(tree)] == walked


@given(WORDS, st.lists(WORDS, max_size=8))
def test_a_literal_is_held_where_it_stands_as_a_whole_word(word: str, parts: list[str]) -> None:
    text = "".join(parts)
    pattern = rf"(?<![\w.]){re.escape(word)}(?![\w.])"
    assert held_by([word], [text]) == ({word} if re.search(pattern, text) else frozenset())


@given(QUOTED, st.sampled_from(["", RANDOM, RANDOM[:19], RANDOM * 10]), QUOTED)
def test_no_secret_is_missed_for_the_sake_of_speed(before: str, value: str, after: str) -> None:
    text = f"token{before}{value}{after}"
    quick, slow = [*secrets_in.__wrapped__(text)], re.finditer(tokens._ASSIGNED, text)
    assert len(quick) == sum(tokens._is_random(one.group(1)) for one in slow)


def test_a_decision_by_what_stood_before_is_none_and_one_new_literal_makes_it_one() -> None:
    text = "def f(a):\n    if a in ('kids', 'grown'):\n        return 'quiet'\n"
    assert [one.asked for one in decisions_in(text)] == [("kids", "grown")]
    assert [*decisions_in(text, "NAMES = 'kids grown'")] == []
    assert [one.asked for one in decisions_in(text, "kids")] == [("kids", "grown")]
