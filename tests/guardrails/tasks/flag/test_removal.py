"""A flag is taken out: the kept variant's code stays, to the byte, and nothing else is touched."""

from textwrap import dedent

import libcst as cst
import pytest

from guardrails.tasks.flag.known import Unclear
from guardrails.tasks.flag.removal import without_flag


def settled(code: str, keep: str) -> str:
    return without_flag(cst.parse_module(dedent(code)), "new-order", keep).module.code


@pytest.mark.parametrize(
    ("code", "keep", "expected"),
    [
        (
            """
            async def rank(client, cards):
                variant = client.variant("new-order")  # who sees it
                # newest first wins
                if variant == "treatment":
                    # newest first
                    return sorted(cards, key=newest)
                elif variant == "third":
                    return cards
                return list(cards)
            """,
            "treatment",
            """
            async def rank(client, cards):
                # newest first wins
                # newest first
                return sorted(cards, key=newest)
            """,
        ),
        (
            """
            def rank(client, a):
                if a:
                    x = 1
                elif client.get_string_value("new-order", "control") != "treatment":
                    x = 2
                else:
                    x = 3  # kept
                return x
            """,
            "treatment",
            """
            def rank(client, a):
                if a:
                    x = 1
                else:
                    x = 3  # kept
                return x
            """,
        ),
        (
            """
            async def rank(client, a):
                size = 30 if await client.get_boolean_value("new-order", False) else 20
                if await client.get_boolean_value("new-order", False) and a > 1: return 1
                while not client.is_enabled(flag="new-order"):
                    a += 1
                return size
            """,
            "on",
            """
            async def rank(client, a):
                size = 30
                if a > 1: return 1
                return size
            """,
        ),
        (
            """
            def rank(client, log):
                match client.variant("new-order"):
                    case "control" | "third":
                        x = 1
                    case _:
                        x = 2
                log.track_exposure("new-order", x)
                return x if client.variant("new-order") in ("treatment", "third") else None
            """,
            "treatment",
            """
            def rank(client, log):
                x = 2
                return x
            """,
        ),
        (
            """
            def rank(client):
                if client.is_enabled("new-order"):
                    log("seen")
            """,
            "off",
            """
            def rank(client):
                pass
            """,
        ),
        (
            """
            def rank(client):
                details = client.get_string_details("new-order", "control")
                chosen = details.value
                return tell(chosen)
            """,
            "treatment",
            """
            def rank(client):
                return tell("treatment")
            """,
        ),
        (
            """
            def rank(client):
                variant = client.variant("new-order")
                if DEBUG:
                    variant = "control"
                if True:
                    return variant == "treatment"
            """,
            "treatment",
            """
            def rank(client):
                variant = "treatment"
                if DEBUG:
                    variant = "control"
                if True:
                    return variant == "treatment"
            """,
        ),
        (
            """
            def rank(client):
                return client.variant("other-flag") == "treatment", show("new-order")
            """,
            "treatment",
            """
            def rank(client):
                return client.variant("other-flag") == "treatment", show("new-order")
            """,
        ),
    ],
    ids=["chain", "elif", "switch", "match", "empty", "details", "assigned-twice", "other-flag"],
)
def test_flag_is_settled(code: str, keep: str, expected: str) -> None:
    assert settled(code, keep) == dedent(expected)


def test_second_run_changes_nothing() -> None:
    code = 'def rank(client):\n    if client.variant("new-order") == "a":\n        return 1\n    return 2\n'

    once = settled(code, "a")

    assert once == "def rank(client):\n    return 1\n"
    assert settled(once, "a") == once


def test_what_still_names_the_flag_is_told_by_line() -> None:
    code = 'FLAGS = ["new-order"]\n\n\ndef rank(client):\n    return client.variant("new-order")\n'

    assert without_flag(cst.parse_module(code), "new-order", "a").left == (1,)


def test_switch_cannot_keep_a_variant() -> None:
    with pytest.raises(Unclear, match="is_enabled gives true or false"):
        settled('x = client.is_enabled("new-order")\n', "treatment")
