"""Importing a module should define things; one that calls out makes every start and test depend on others."""

from collections.abc import Iterable, Iterator
from functools import partial

from guardrails.analysis.code.facts import Call, Flag
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.loop import blocking
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import by_root, fault_of, leaves_the_loop, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_MOST_STEPS = 4
_RUN = ("__main__.py", "setup.py", "env.py", "manage.py", "conftest.py", "noxfile.py", "tasks.py")
_STARTED = frozenset({"asyncio.run", "threading.Thread().start", "multiprocessing.Process().start"})

RULE = Rule(
    id="GR115",
    name="import-side-effect",
    gate="architecture",
    summary="Importing a module opens a connection, starts a process or waits.",
    why="The import fails when the other side is down, a test pays for it without using it, and the order of "
    "imports decides what happens. A worker that forks afterwards shares the connection.",
    remedy="Do it in a function that the application calls at start-up: its lifespan, or `main()`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import requests

            MODELS = requests.get('http://registry/models', timeout=2).json()
            """,
        ),
        example(
            """
            import subprocess

            def version():
                return described().strip()

            def described():
                return subprocess.check_output(['git', 'describe'], timeout=2)

            VERSION = version()
            """,
        ),
        example(
            """
            from shop.store import connect

            connect()
            """,
            more={
                "shop/__init__.py": "",
                "shop/store.py": """
                import psycopg

                def connect():
                    return psycopg.connect('dbname=shop')
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import requests

            def models():
                return requests.get('http://registry/models', timeout=2).json()
            """,
        ),
        example(
            """
            import subprocess

            def version():
                return subprocess.check_output(['git', 'describe'], timeout=2)

            if __name__ == '__main__':
                print(version())
            """,
        ),
        example(
            """
            import httpx

            client = httpx.Client(timeout=2)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield what an import of the module does that waits for something outside of it."""
    if module.path.rpartition("/")[2] in _RUN or any(one in _FOLDERS for one in module.path.split("/")[:-1]):
        return
    search = Search(RULE.id, _wanted, partial(_stops, module.graph))

    def sink(reached: Reached) -> tuple[str, None] | None:
        last, call = reached.steps[-1]
        name = _named(module.graph.meanings(last.module, call.name))
        return (name, None) if name else None

    near = (one for one in reached_at_import(module, search) if len(one.steps) <= _MOST_STEPS)
    for reached, (name, _) in by_root(near, sink):
        way = f", through {way_of(reached)}" if len(reached.steps) > 1 else ""
        yield fault_of(module, 0, reached, f"importing {module.name} calls {name}{way}", RULE.remedy)


_FOLDERS = frozenset({"scripts", "bin", "examples", "tools", "benchmarks", "migrations", "versions", "docs"})


def reached_at_import(module: Module, search: Search) -> Iterator[Reached]:
    """Yield the wanted calls that the module's own code reaches when it is imported."""
    return module.graph.reached(module.symbol(0), search)


def _wanted(call: Call, meanings: tuple[str, ...]) -> bool:
    return not call.flags & Flag.SCRIPT and _named(meanings) is not None


def _named(meanings: Iterable[str]) -> str | None:
    held = tuple(meanings)
    known = blocking.remedy_for(held)
    return known[0] if known else next((one for one in held if one in _STARTED), None)


def _stops(graph: Graph, target: Symbol, call: Call) -> bool:
    return bool(call.flags & Flag.SCRIPT) or leaves_the_loop(graph, target, call)
