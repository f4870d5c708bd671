"""A property, an operator or a decorator runs code where no reader sees a call."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Scope
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import reached_from
from guardrails.gates.architecture.reaching.loop import blocking_search
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "guarded: [app]"
_GETTING = frozenset({"builtins.property", "functools.cached_property"})
# Called where they stand by name, or entered by a `with`, which the call graph follows.
_VISIBLE = frozenset({"__init__", "__new__", "__post_init__", "__enter__", "__exit__", "__call__"})
NEEDS = ("named guarded",)

RULE = Rule(
    id="GR172",
    name="blocking-where-no-call-stands",
    gate="architecture",
    summary="A property, a special method or a decorator's wrapper in guarded code blocks the event loop.",
    why="`listener.features` looks like reading a field. When it waits for a socket, each async function that reads it "
    "holds the loop, and neither a reviewer nor the call graph sees a call there.",
    remedy="Make it a method that is called and awaited, or fetch the value before and keep it in a field.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import time

            class Listener:
                @property
                def features(self):
                    time.sleep(1)
                    return []
            """,
            path="app/listener.py",
            policy=_POLICY,
        ),
        example(
            """
            import requests

            class Cards:
                def __len__(self):
                    return len(requests.get('/cards', timeout=1).json())
            """,
            path="app/cards.py",
            policy=_POLICY,
        ),
        example(
            """
            import time

            def slowly(function):
                def wrapper():
                    time.sleep(1)
                    return function()
                return wrapper

            @slowly
            def work():
                return 1
            """,
            path="app/work.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            class Listener:
                @property
                def features(self):
                    return sorted(self.held)
            """,
            path="app/listener.py",
            policy=_POLICY,
        ),
        example(
            """
            import time

            class Clock:
                def wait(self):
                    time.sleep(1)
            """,
            path="app/clock.py",
            policy=_POLICY,
        ),
        example(
            """
            import time

            class Listener:
                @property
                def features(self):
                    time.sleep(1)
                    return []
            """,
            path="tools/listener.py",
            policy=_POLICY,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every function that runs without a call to be seen and reaches one that blocks."""
    if not matches(module.path, module.settings.guarded):
        return
    wrapping = _decorators(module)
    for index, one in enumerate(module.facts.scopes):
        if one.kind != "function" or not (_is_implicit(module, one) or one.parent in wrapping):
            continue
        for reached in reached_from(module, index, blocking_search(module)):
            name = reached.call.name.lstrip("?:")
            message = f"{one.name.rpartition('.')[2]} runs where no call stands, and reaches {name}"
            yield Found(one.line, index, message, f"{one.name} reaches {name}")
            break


def _is_implicit(module: Module, scope: Scope) -> bool:
    name = scope.name.rpartition(".")[2]
    holder = module.facts.scopes[scope.parent]
    visible = _VISIBLE - {"__call__"} if "builtins.type" in holder.bases else _VISIBLE
    is_special = name.startswith("__") and name.endswith("__") and name not in visible
    in_class = holder.kind == "class"
    is_read = any(one.name in _GETTING for one in scope.decorators)
    return is_read or (is_special and (in_class or name == "__getattr__"))


def _decorators(module: Module) -> frozenset[int]:
    """Return the scopes of the module's functions that decorate another of its functions."""
    used = {
        call.name.lstrip(":").removesuffix("()") for one in module.facts.scopes for call in one.decorators
    }
    return frozenset(index for index, one in enumerate(module.facts.scopes) if one.name and one.name in used)
