"""A queue without a size turns a slow consumer into a full memory."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_QUEUES = frozenset(
    {
        *(
            f"{module}.{kind}"
            for module in ("asyncio", "queue")
            for kind in ("Queue", "LifoQueue", "PriorityQueue")
        ),
        "multiprocessing.Queue",
        "janus.Queue",
    }
)
_ENDLESS = frozenset({"queue.SimpleQueue", "multiprocessing.SimpleQueue"})
WORDS = ("Queue",)

RULE = Rule(
    id="GR125",
    name="unbounded-queue",
    gate="architecture",
    summary="A queue that lives as long as its module or object has no size.",
    why="When what empties it is slower than what fills it, it grows until the process is killed, and everything "
    "in it is then too late anyway. A bound makes the producer wait or refuse, which callers can handle.",
    remedy="Give it `maxsize`, and say what happens when it is full: wait, drop the oldest, or answer 503.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import asyncio

            events = asyncio.Queue()

            async def store(event):
                await events.put(event)
            """,
        ),
        example(
            """
            import queue

            class Writer:
                def __init__(self):
                    self.pending = queue.Queue()
            """,
        ),
        example(
            """
            import asyncio

            class Hub:
                def open(self):
                    self.events = asyncio.Queue(maxsize=0)
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio

            events = asyncio.Queue(maxsize=1000)
            """,
        ),
        example(
            """
            import queue

            class Writer:
                def __init__(self, size):
                    self.pending = queue.Queue(size)
            """,
        ),
        example(
            """
            import asyncio

            async def both(one, other):
                found = asyncio.Queue()
                await one(found)
                return await other(found)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every queue without a size that a module or an object keeps."""
    for call in module.facts.calls:
        if ((call.name in _QUEUES and _has_no_size(call)) or call.name in _ENDLESS) and _is_kept(
            module, call
        ):
            yield Found(call.line, call.scope, f"{call.name} may grow without a bound", call.text)


def _has_no_size(call: Call) -> bool:
    size = call.arguments[0] if call.arguments else call.keyword("maxsize")
    return size in {None, "0"} and not call.has_unknown_keywords


def _is_kept(module: Module, call: Call) -> bool:
    """Whether a module, an object or a function inside this one holds the queue."""
    facts = module.facts
    kept = f"{call.name}()"
    scope = facts.scopes[call.scope]
    if scope.kind == "module":
        return any(kept in values for values in facts.exports.values())
    if any(
        one.name.startswith(f"{kept}.") and _is_inside(module, one.scope, call.scope) for one in facts.calls
    ):
        return True
    owner = scope.name if scope.kind == "class" else scope.name.rpartition(".")[0]
    return any(kept in values for values in facts.attributes.get(owner, {}).values())


def _is_inside(module: Module, scope: int, outer: int) -> bool:
    while scope > outer:
        scope = module.facts.scopes[scope].parent
        if scope == outer:
            return True
    return False
