"""Code that policy calls pure gets its clock and randomness as arguments, so that it can be replayed."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Reached, Search
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import fault_of, reached_from, text_of, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_CLOCK = "Take the time as an argument (`now: datetime`) and read the clock where the request arrives."
_RANDOM = "Take a seeded `random.Random` or `numpy.random.Generator` as an argument."
_IDENTITY = "Take the id as an argument and make it where the request arrives."
_SOURCES: dict[str, str] = {
    **{
        f"time.{name}{unit}": _CLOCK
        for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
        for unit in ("", "_ns")
    },
    **{f"time.{name}": _CLOCK for name in ("localtime", "gmtime", "ctime")},
    **{f"datetime.datetime.{name}": _CLOCK for name in ("now", "utcnow", "today")},
    "datetime.date.today": _CLOCK,
    "os.times": _CLOCK,
    "pandas.Timestamp.now": _CLOCK,
    "pandas.Timestamp.today": _CLOCK,
    "arrow.now": _CLOCK,
    "arrow.utcnow": _CLOCK,
    "pendulum.now": _CLOCK,
    "django.utils.timezone.now": _CLOCK,
    **{f"asyncio.{name}().time": _CLOCK for name in ("get_event_loop", "get_running_loop", "new_event_loop")},
    "os.urandom": _RANDOM,
    "random.SystemRandom": _RANDOM,
    **{f"uuid.{name}": _IDENTITY for name in ("uuid1", "uuid4", "uuid6", "uuid7")},
}
_SEEDED = frozenset(
    {
        "random.Random",
        "numpy.random.default_rng",
        "numpy.random.RandomState",
        "numpy.random.SeedSequence",
        "numpy.random.PCG64",
    }
)
_HARMLESS = frozenset({"numpy.random.Generator", "random.Random().", "secrets.compare_digest"})
_FAMILIES = ("random.", "secrets.", "numpy.random.")
_NOW = frozenset({"numpy.datetime64", "pandas.Timestamp", "pandas.to_datetime"})
_POLICY = "pure: [ranking]"
NEEDS = ("pure",)
SPREADS = ("pure code in policy",)

RULE = Rule(
    id="GR104",
    name="clock-or-randomness-in-pure-code",
    gate="architecture",
    summary="Code that policy wants pure reads a clock or draws randomness.",
    why="Ranking that reads the clock or draws a number gives two answers to one request: scenarios cannot be "
    "replayed, a golden flakes, an experiment measures noise, and nobody can explain yesterday's order.",
    remedy="Take the time, the seed or the id as an argument.",
    effect=Effect.BLOCK,
    bad=(
        example(
            """
            import time

            def order(cards):
                return sorted(cards, key=lambda card: card.age(time.time()))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            from datetime import datetime

            def fresh(card):
                return datetime.now() - card.at
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import random

            def order(cards):
                random.shuffle(cards)
                return cards
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import numpy as np

            def noise():
                return np.random.default_rng().normal()
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import time
            from dataclasses import dataclass, field

            @dataclass
            class Card:
                at: float = field(default_factory=time.time)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            from clock import today

            def order(cards):
                return today(), cards
            """,
            path="ranking/order.py",
            policy=_POLICY,
            more={
                "clock.py": """
                import datetime

                def today():
                    return datetime.date.today()
                """,
            },
        ),
    ),
    good=(
        example(
            """
            def order(cards, now):
                return sorted(cards, key=lambda card: (now - card.at, card.id))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import random

            def order(cards, seed):
                return random.Random(seed).sample(cards, 2)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import numpy as np

            def noise(seed: int):
                return np.random.default_rng(seed).normal()
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import random

            def order(cards, rng: random.Random):
                return rng.choice(cards)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every clock read and every draw that the module's own code does or reaches."""
    if not module.is_pure:
        return
    direct = set()
    for scope, one in enumerate(module.facts.scopes):
        if one.kind == "class":
            continue
        for reached in reached_from(module, scope, _SEARCH):
            if len(reached.steps) > 1 and reached.steps[-1][0].module == module.name:
                continue
            direct.add((reached.call.line, reached.call.name))
            yield _fault(module, scope, reached)
    for mention in module.facts.references:
        if mention.text in _SOURCES and (mention.line, mention.text) not in direct:
            message = f"{mention.text} is handed on in code that policy wants pure"
            yield Found(
                mention.line, mention.scope, message, f"reference to {mention.text}", _SOURCES[mention.text]
            )


def spreads(module: Module) -> Iterator[str]:
    """Yield what the module's functions reach that reads a clock or draws."""
    for scope, one in enumerate(module.facts.scopes):
        if module.settings.pure and one.kind in {"function", "async", "lambda"}:
            for reached in reached_from(module, scope, _SEARCH):
                yield f"{one.name} {text_of(reached)}"


def _is_source(call: Call, meanings: tuple[str, ...]) -> bool:
    return any(_remedy_for(name, call) for name in meanings)


_SEARCH = Search(RULE.id, _is_source, lambda _target, _call: False)


def _remedy_for(name: str, call: Call) -> str | None:
    if name in _SOURCES:
        return _SOURCES[name]
    if name in _SEEDED:
        unseeded = not call.arguments and not call.keywords
        return _RANDOM if unseeded or call.arguments[:1] == ("None",) else None
    if name in _NOW and call.arguments[:1] in {("'now'",), ("'today'",)}:
        return _CLOCK
    if name == "time.strftime" and len(call.arguments) == 1:
        return _CLOCK
    drawn = name.startswith(_FAMILIES) and "()" not in name and not name.startswith(tuple(_HARMLESS))
    return _RANDOM if drawn else None


def _fault(module: Module, scope: int, reached: Reached) -> Found:
    last, call = reached.steps[-1]
    meanings = module.graph.meanings(last.module, call.name)
    name, remedy = next((one, found) for one in meanings if (found := _remedy_for(one, call)))
    holder = module.symbol_text(scope)
    if len(reached.steps) == 1:
        return fault_of(
            module, scope, reached, f"{name} is called in {holder}, which policy wants pure", remedy
        )
    message = f"{holder}, which policy wants pure, reaches {name} through {way_of(reached)}"
    return fault_of(module, scope, reached, message, remedy)
