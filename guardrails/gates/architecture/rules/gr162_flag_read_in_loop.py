"""A flag is asked once a request: asked per item it is slow, and may change its mind half-way."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Flag
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.flags import reads_in
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

RULE = Rule(
    id="GR162",
    name="flag-read-in-loop",
    gate="architecture",
    summary="A flag or a variant is read once per item.",
    why="Five hundred candidates are five hundred evaluations, each with rules, hashing and an event. A change of the "
    "flag half-way ranks the first items one way and the rest the other, and exposures are counted per item.",
    remedy="Read the flag before the loop, into a variable or the request's context, and use that inside.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from openfeature import api

            client = api.get_client()

            def rank(cards):
                for card in cards:
                    if client.get_boolean_value('boost', False):
                        card.boost()
            """,
        ),
        example(
            """
            import growthbook

            def rank(cards, who):
                book = growthbook.GrowthBook(attributes=who)
                return [card for card in cards if book.is_on('boost')]
            """,
        ),
        example(
            """
            from shop.flags import variant

            def rank(cards, listener):
                at = 0
                while at < len(cards):
                    at += variant('stride', listener)
            """,
            path="shop/rank.py",
            policy="flags: {readers: [shop.flags.variant]}",
            more={"shop/flags.py": "def variant(key, unit):\n    return unit\n"},
        ),
    ),
    good=(
        example(
            """
            from openfeature import api

            client = api.get_client()

            def boosts():
                return client.get_boolean_value('boost', False)
            """,
        ),
        example(
            """
            def rank(cards, flags):
                return [card for card in cards if flags.boosts]
            """,
        ),
        example(
            """
            def rank(machine, cards):
                return [machine.is_on(card) for card in cards]
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every read of a flag in a loop or comprehension."""
    for call in reads_in(module):
        if call.flags & Flag.LOOPED:
            name = call.name.lstrip("?:")
            yield Found(call.line, call.scope, f"{name} is asked again for every item", call.text)
