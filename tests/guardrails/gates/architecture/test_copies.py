"""A function is a copy when another does the same to the last name, and only a new one is told of."""

import pytest

from tests.guardrails.gates.architecture.judged import Files, found

KEPT = '''import re

LARGEST = 1000


def slug(title, sep="-"):
    """Return a part of a path."""
    if len(title) > LARGEST:
        raise ValueError("too long")
    words = [word for word in re.split(r"[^a-z]+", title.strip().lower()) if word]
    return sep.join(words)
'''
COPY = """import re as regular
from shop.slugs import LARGEST as MOST


def path_part(text: str, /, joint: str = '-') -> str:
    if len(text) > MOST:
        raise ValueError('too long')
    found: list[str] = [one for one in regular.split(r"[^a-z]+", text.strip().lower()) if one]
    return joint.join(found)
""".replace("/, ", "")
BASE: Files = {"shop/__init__.py": "", "shop/slugs.py": KEPT}


def copies(head: Files, base: Files = BASE) -> list[str]:
    return [one.message for one in found(head, base) if one.rule == "GR167"]


def test_new_copy_names_the_function_that_exists() -> None:
    assert copies({**BASE, "shop/cards.py": COPY}) == [
        "`path_part` does what `shop.slugs.slug` in shop/slugs.py does"
    ]


def test_copy_in_a_file_that_sorts_before_the_first_one_is_the_copy_still() -> None:
    assert copies({**BASE, "shop/a.py": COPY}) == [
        "`path_part` does what `shop.slugs.slug` in shop/slugs.py does"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> MOST", ">= MOST"),
        ("'too long'", "'longer than allowed'"),
        ("import LARGEST", "import LONGEST"),
        ("joint: str = '-'", "joint: str = '_'"),
        (".lower()", ".upper()"),
        ("def path_part", "async def path_part"),
    ],
)
def test_function_that_differs_anywhere_is_no_copy(old: str, new: str) -> None:
    assert old in COPY
    assert copies({**BASE, "shop/cards.py": COPY.replace(old, new, 1)}) == []


def test_function_that_base_had_or_that_moved_is_no_news() -> None:
    base = {**BASE, "shop/cards.py": COPY}
    assert copies({**base, "shop/cards.py": f"{COPY}\nMORE = 1\n"}, base) == []
    assert copies({"shop/__init__.py": "", "shop/words.py": KEPT}) == []


def test_copy_of_a_function_of_tests_is_no_fault() -> None:
    base = {"tests/slugs.py": KEPT, "shop/__init__.py": ""}
    assert copies({**base, "shop/words.py": KEPT}, base) == []


def test_small_functions_may_be_alike() -> None:
    small = "def key(card):\n    if card is None:\n        return ''\n    return card.kind.strip()\n"
    assert copies({**BASE, "shop/a.py": small, "shop/b.py": small}) == []
