"""A flag that nobody owns and that never ends is a second version of the program for good."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.flags import key_of, reads_in, registry_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "flags: {registry: flags.yaml, readers: [shop.flags.variant]}"
_REGISTRY = """
lyrics-first: {owner: discovery, expires: 2999-01-31}
old: {owner: discovery, expires: 2020-01-31}
nobody: {}
"""
_MORE = {"flags.yaml": _REGISTRY, "shop/flags.py": "def variant(key, unit):\n    return unit\n"}
NEEDS = ("flags in policy",)

RULE = Rule(
    id="GR161",
    name="unregistered-flag",
    gate="architecture",
    summary="A flag is read that the registry lacks, that has ended, or whose key the code computes.",
    why="Each flag doubles the programs that may be running. One without an owner is never removed, one past its day "
    "keeps code alive that nobody tests, and a computed key can be neither found nor removed.",
    remedy="Write the key as a constant where it is read, and give it an `owner` and a day that it `expires` in the "
    "registry; once it has ended, remove the flag with the losing branch.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from shop.flags import variant

            def rank(listener):
                return variant('unheard-of', listener)
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from openfeature import api

            def rank():
                client = api.get_client()
                return client.get_boolean_value('old', False)
            """,
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from openfeature import api

            client = api.get_client()

            def rank(name):
                return client.get_string_value(name + '-first', 'off')
            """,
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from openfeature import api

            def rank():
                return api.get_client().get_integer_value(flag_key='nobody', default_value=1)
            """,
            policy=_POLICY,
            more=_MORE,
        ),
    ),
    good=(
        example(
            """
            from shop.flags import variant

            def rank(listener):
                return variant('lyrics-first', listener)
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from openfeature import api

            def rank():
                return api.get_client().get_boolean_value(flag_key='lyrics-first', default_value=False)
            """,
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from openfeature import api

            def rank(name):
                return api.get_client().get_boolean_value(name, False)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every read of a flag that the registry does not cover today."""
    if not module.settings.flags.registry:
        return
    for call in reads_in(module):
        problem = _problem(module, key_of(call))
        if problem:
            yield Found(call.line, call.scope, problem, call.text)


def _problem(module: Module, text: str) -> str:
    if text[:1] not in {"'", '"'}:
        return "the key of this flag is computed, so nobody can look it up"
    entry = registry_of(module).get(text[1:-1])
    registry = ascii(module.settings.flags.registry)[1:-1]
    if entry is None:
        return f"{registry} has no flag {text}"
    if not entry.owner or entry.expires is None:
        return f"{registry} names no {'owner' if not entry.owner else 'day of expiry'} for the flag {text}"
    return f"the flag {text} ended on {entry.expires}" if entry.expires < module.today else ""
