"""What literal containers hold is followed where something is taken out of them, and nowhere else."""

import pytest

from guardrails.analysis.code.build import facts_of

TABLE = """
import requests, time
from shop import tables

def own(): ...

TABLE = {'get': requests.get, 'own': own, 1: time.sleep}
STEPS = [own, time.sleep]
PAIR = (requests.get, requests.post)
EMPTY = {}
NUMBERS = [1, 2]
"""


def called(code: str) -> list[str]:
    """Return the names of the calls in a function with that body."""
    body = "\n".join(f"    {line}" for line in code.splitlines())
    facts = facts_of(f"{TABLE}\ndef run(key, unknown):\n{body}\n".encode())
    (scope,) = (index for index, one in enumerate(facts.scopes) if one.name == "run")
    return [one.name for one in facts.calls if one.scope == scope]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("TABLE['get']()", ["requests.get"]),
        ("TABLE['own']()", [":own"]),
        ("TABLE[key]()", ["requests.get", ":own", "time.sleep"]),
        ("STEPS[0]()", [":own", "time.sleep"]),
        ("PAIR[-1]()", ["requests.get", "requests.post"]),
        ("way = TABLE['get']\nway()", ["requests.get"]),
        ("for way in STEPS:\n    way()", [":own", "time.sleep"]),
        ("[way() for way in PAIR]", ["requests.get", "requests.post"]),
        ("own_list = [own]\nown_list[0]()", [":own"]),
        ("global EMPTY\nEMPTY = {'a': own}\nEMPTY['a']()", [":own"]),
        ("tables.WAYS[key]()", ["shop.tables.WAYS[]"]),
        ("tables.WAYS.get(key)()", ["shop.tables.WAYS.get()"]),
    ],
)
def test_what_is_taken_out_of_a_literal_is_what_it_holds(code: str, names: list[str]) -> None:
    found = called(code)
    assert [one for one in found if one.rpartition(".")[2] not in {"get", "values"} or one in names] == names


@pytest.mark.parametrize(
    "code",
    [
        "for way in unknown:\n    way()",
        "[way() for way in unknown]",
        "for number in NUMBERS:\n    number()",
        "unknown[key]()",
    ],
)
def test_what_nobody_knows_is_taken_for_nothing(code: str) -> None:
    assert all(name.startswith("?") for name in called(code))


def test_a_name_that_a_comprehension_hides_is_none_of_the_function_around_it() -> None:
    assert called("own = unknown\n[own() for own in unknown]\n") == ["?"]
