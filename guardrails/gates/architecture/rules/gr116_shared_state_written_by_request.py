"""What a request writes into its module, the next one reads: of another user, or in another process not at all."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.state import (
    WRITING,
    binds_a_name,
    is_held_back,
    rebound_by,
    writes_of,
)
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.running import Running, fault_in_request, marked_in_requests
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Assign", "AugAssign", "AnnAssign", "Delete", "Global", "Nonlocal", "Call")
CALLED = WRITING
NEEDS = ("serving",)

RULE = Rule(
    id="GR116",
    name="shared-state-written-by-request",
    gate="architecture",
    summary="A request writes to a variable, a container or an object that outlives it.",
    why="Every request of the process shares it: one listener's value is read by another, updates between two "
    "awaits or threads are lost, and what is only added to grows until the process is killed. The other "
    "workers and replicas see none of it.",
    remedy="Keep what belongs to the request in its arguments or `request.state`, counts in a metric, and what is "
    "shared in a store or a cache with a bound (`cachetools.TTLCache`); guard what must stay by a lock.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()
            current = None

            @app.post('/play')
            async def play(track: str) -> str:
                global current
                current = track
                return current
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()
            seen: dict[str, int] = {}

            def remember(listener):
                seen[listener] = seen.get(listener, 0) + 1

            @router.get('/cards')
            def cards(listener: str) -> list[str]:
                remember(listener)
                return []
            """,
        ),
        example(
            """
            from fastapi import FastAPI
            from shop.events import keep

            app = FastAPI()

            @app.post('/events')
            async def event(name: str) -> str:
                keep(name)
                return name
            """,
            more={
                "shop/__init__.py": "",
                "shop/events.py": "held = []\n\ndef keep(name):\n    everything = held\n    everything.append(name)\n",
            },
        ),
        example(
            """
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            def note(name, notes=[]):
                notes.append(name)

            @app.post('/notes')
            async def notes(name: str, tasks: BackgroundTasks) -> str:
                tasks.add_task(note, name)
                return name
            """,
        ),
    ),
    good=(
        example(
            """
            import threading
            from fastapi import FastAPI

            app = FastAPI()
            guard = threading.Lock()
            counts: dict[str, int] = {}

            @app.get('/cards')
            def cards(kind: str) -> list[str]:
                with guard:
                    counts[kind] = counts.get(kind, 0) + 1
                return []
            """,
        ),
        example(
            """
            from cachetools import TTLCache
            from fastapi import FastAPI

            app = FastAPI()
            known = TTLCache(1000, ttl=60)

            @app.get('/cards')
            def cards(kind: str) -> list[str]:
                known[kind] = [kind]
                return known[kind]
            """,
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()
            scorers = {}

            def scorer(function):
                scorers[function.__name__] = function
                return function

            @scorer
            def by_age(item):
                return item

            @app.get('/cards')
            async def cards(kind: str) -> list[str]:
                found = []
                found.append(scorers[kind](kind))
                return found
            """,
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()
            catalogue = None
            open_sockets = set()

            def loaded():
                global catalogue
                if catalogue is None:
                    catalogue = ('lyrics', 'credits')
                return catalogue

            @app.get('/cards')
            async def cards(kind: str) -> list[str]:
                open_sockets.add(kind)
                try:
                    return list(loaded())
                finally:
                    open_sockets.discard(kind)
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark what writes to something older than the function around it, named with its holder's scope.

    What is taken out of a container is marked as well, with an empty message: it bounds what is put in.
    """
    if binds_a_name(node) or not here.function:
        return
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        for name, place in rebound_by(node, here):
            holder = here.holder(name) or 0
            yield here.mark(place, f"binds `{name}` anew", f"{name} = ...", names=(name, str(holder)))
        return
    for one in writes_of(node, here):
        if one.kind == "end":
            yield here.mark(node, "", names=(one.root, str(one.holder)))
        elif not is_held_back(node, one.root, here):
            verb = "sets a field of" if one.kind == "field" else "writes into"
            yield here.mark(node, f"{verb} `{one.root}`", names=(one.root, str(one.holder)))


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked writes that requests to the module come to, through other modules too."""
    around: set[int] = set()
    told: set[str] = set()
    for running, one, emptied in marked_in_requests(module, RULE.id):
        name = running.symbol.module
        if len(running.steps) <= 1:
            around.update(_outside(module, running))
        holder = int(one.names[1])
        is_shared = holder <= 0 or (name == module.name and holder in around)
        if one.message and one.names not in emptied and is_shared and (not running.steps or name not in told):
            told.update({name} if running.steps else ())  # another module is told of once, by its nearest
            yield fault_in_request(module, running, one, f"{one.message}, which every request shares")


def _outside(module: Module, running: Running) -> Iterator[int]:
    """Yield the functions around a handler: they ran when the application was made, and their variables stay."""
    first = running.steps[0][0] if running.steps else running.symbol
    scope = module.facts.scopes[first.scope].parent if first.module == module.name else -1
    while scope > 0:
        yield scope
        scope = module.facts.scopes[scope].parent
