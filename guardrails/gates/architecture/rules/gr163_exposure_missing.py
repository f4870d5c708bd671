"""An experiment counts who saw a variant; who is not counted, or counted too soon, bends the result."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.flags import is_named, reads_in
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "flags: {readers: [shop.flags.variant], exposures: [shop.flags.exposed]}"
_MORE = {
    "shop/flags.py": "def variant(key, unit):\n    return unit\n\n\ndef exposed(key, unit):\n    return None\n",
    "shop/helper.py": "from shop import flags\n\n\ndef shown(key, unit):\n    flags.exposed(key, unit)\n",
}
NEEDS = ("exposures in policy",)

RULE = Rule(
    id="GR163",
    name="exposure-missing",
    gate="architecture",
    summary="A variant is read and exposure to it is not logged on every path that follows.",
    why="When only the treatment logs exposure the groups cannot be compared, and when it is logged before the "
    "variant is known, people are counted who never met it. Either way the measured effect is an artefact.",
    remedy="Log the exposure once, right after the variant is read and before anything branches on it.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from shop.flags import variant

            def rank(cards, listener):
                if variant('lyrics-first', listener) == 'on':
                    return cards[::-1]
                return cards
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from shop import flags

            def rank(cards, listener):
                arm = flags.variant('lyrics-first', listener)
                if arm == 'on':
                    flags.exposed('lyrics-first', listener)
                    return cards[::-1]
                return cards
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from shop import flags

            def rank(cards, listener):
                flags.exposed('lyrics-first', listener)
                arm = flags.variant('lyrics-first', listener)
                return cards[::-1] if arm == 'on' else cards
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
    ),
    good=(
        example(
            """
            from shop import flags

            def rank(cards, listener):
                arm = flags.variant('lyrics-first', listener)
                flags.exposed('lyrics-first', listener)
                return cards[::-1] if arm == 'on' else cards
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from shop.flags import variant
            from shop.helper import shown

            def rank(cards, listener):
                arm = variant('lyrics-first', listener)
                shown('lyrics-first', listener)
                return cards[::-1] if arm == 'on' else cards
            """,
            path="shop/rank.py",
            policy=_POLICY,
            more=_MORE,
        ),
        example(
            """
            from shop.flags import variant

            def rank(cards, listener):
                return cards[::-1] if variant('lyrics-first', listener) == 'on' else cards
            """,
            path="shop/rank.py",
            policy="flags: {readers: [shop.flags.variant]}",
            more=_MORE,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every read after which some path logs no exposure."""
    names = module.settings.flags.exposures
    if not names:
        return
    for read in reads_in(module):
        holder = f"{module.name}.{module.facts.scopes[read.scope].name}"
        if holder in module.settings.flags.readers:
            continue
        logs = [one for one in _beside(module, read) if _logs(module, one, names)]
        if not any(_always_follows(module, read, one) for one in logs):
            yield Found(read.line, read.scope, _message(read, logs), read.text)


def _message(read: Call, logs: list[Call]) -> str:
    if not logs:
        return "a variant is read here, and nothing in this function logs the exposure to it"
    before = all(one.line < read.line for one in logs)
    return f"exposure is logged {'before the variant is known' if before else 'on some of the paths only'}"


def _beside(module: Module, read: Call) -> Iterator[Call]:
    function = module.facts.function_of(read.scope)
    return (one for one in module.facts.calls if module.facts.function_of(one.scope) == function)


def _logs(module: Module, call: Call, names: tuple[str, ...]) -> bool:
    if is_named(module, call, names):
        return True
    graph = module.graph
    targets = [one for meaning in graph.meanings(module.name, call.name) for one in graph.symbols(meaning)]
    return any(
        meaning.replace(":", ".") in names
        for target in targets
        for _, meanings, _ in graph.edges(target)
        for meaning in meanings
    )


def _always_follows(module: Module, read: Call, log: Call) -> bool:
    """Whether the log runs in every run of the function in which the read ran, as far as blocks tell."""
    calls = module.facts.calls
    later = log.line > read.line or (log.line == read.line and calls.index(log) > calls.index(read))
    return later and module.facts.is_within(read.block, log.block)
