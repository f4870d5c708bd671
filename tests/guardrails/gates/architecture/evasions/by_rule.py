"""Ways to hide from one rule, each with the rule that must still speak: its name, or the tree that hides."""

from collections.abc import Iterator

from tests.guardrails.gates.architecture.judged import Files

_ROUTE = "\n\n@app.get('/cards/{name}')\nasync def cards(name: str) -> str:\n"
_APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
# What a module holds, and what a request does with it.
STATE = {
    "class_attribute": ("class Held:\n    seen = {}", "Held.seen[name] = 1"),
    "class_attribute_under_another_name": (
        "class Held:\n    seen = []\n\nalias = Held",
        "alias.seen.append(name)",
    ),
    "class_attribute_through_an_instance": (
        "class Held:\n    seen: list[str] = []\n\n    def keep(self, name):\n        self.seen.append(name)",
        "Held().keep(name)",
    ),
    "class_attribute_through_the_class": (
        "class Held:\n    seen = {}\n\n    @classmethod\n    def keep(cls, name):\n        cls.seen[name] = 1",
        "Held.keep(name)",
    ),
    "local_alias": ("seen = []", "mine = seen\nmine.append(name)"),
    "alias_by_walrus": ("seen = []", "(mine := seen).append(name)"),
    "default_of_a_parameter": (
        "seen = []\n\ndef keep(name, held=seen):\n    held.append(name)",
        "keep(name)",
    ),
    "mutable_default": ("def keep(name, held={}):\n    held[name] = 1", "keep(name)"),
    "mutable_default_made_by_a_call": ("def keep(name, held=dict()):\n    held[name] = 1", "keep(name)"),
    "lambda_default": ("keep = lambda name, held=[]: held.append(name)", "keep(name)"),
    "method_of_the_type": ("seen = []", "list.append(seen, name)"),
    "special_method": ("seen = {}", "seen.__setitem__(name, 1)"),
    "operator_setitem": ("import operator\n\nseen = {}", "operator.setitem(seen, name, 1)"),
    "operator_methodcaller": ("import operator\n\nseen = []", "operator.methodcaller('append', name)(seen)"),
    "setattr": ("class Held:\n    pass\n\nheld = Held()", "setattr(held, 'name', name)"),
    "globals": ("seen = {}", "globals()['seen'][name] = 1"),
    "globals_anew": ("current = ''", "globals()['current'] = name"),
    "heap": ("import heapq\n\nseen = []", "heapq.heappush(seen, name)"),
    "item_of_an_item": ("seen = {'all': []}", "seen['all'].append(name)"),
    "item_by_default": ("seen = {}", "seen.setdefault('all', []).append(name)"),
    "tuple_of_targets": ("seen = {}", "seen[name], other = 1, 2"),
    "in_a_thread": (
        "import asyncio\n\nseen = []\n\ndef keep(name):\n    seen.append(name)",
        "await asyncio.to_thread(keep, name)",
    ),
    "in_a_started_thread": (
        "import threading\n\nseen = []\n\ndef keep(name):\n    seen.append(name)",
        "threading.Thread(target=keep, args=(name,)).start()",
    ),
    "reduce": (
        "import functools\n\nseen = []\n\ndef keep(total, name):\n    seen.append(name)\n    return total",
        "functools.reduce(keep, [name], 0)",
    ),
    "decorator_that_keeps": (
        "seen = []\n\ndef keeping(function):\n    def inside(name):\n        seen.append(name)\n"
        "        return function(name)\n    return inside\n\n@keeping\ndef work(name):\n    return name",
        "work(name)",
    ),
    "context_manager": (
        (
            "import contextlib\n\nseen = []\n\n@contextlib.contextmanager\ndef kept(name):\n"
            "    seen.append(name)\n    yield"
        ),
        "with kept(name):\n    pass",
    ),
    "match_statement": ("seen = {}", "match name:\n    case str() as key:\n        seen[key] = 1"),
    "global_in_a_helper": ("total = 0\n\ndef count():\n    global total\n    total += 1", "count()"),
    "condition_that_asks_something_else": (
        "current = ''\n\ndef keep(name):\n    global current\n    if current != name:\n        current = name",
        "keep(name)",
    ),
    "generator": ("seen = []\n\ndef kept(name):\n    seen.append(name)\n    yield name", "list(kept(name))"),
    "comprehension": ("seen = []", "[seen.append(one) for one in name]"),
    "star_import_of_two_modules": ("from first import *", "keep(name)"),
}
VARIABLES = {
    "token_never_read": ("token = user.set(name)"),
    "by_getattr": ("getattr(user, 'set')(name)"),
    "in_a_helper": ("keep(name)"),
    "under_another_name": ("mine = user\nmine.set(name)"),
    "walrus": ("(token := user.set(name))"),
    "another_one_reset": ("user.set(name)\nother.reset(other.set(name))"),
    "in_a_task": ("import asyncio\nasyncio.get_running_loop().call_soon(keep, name)"),
}
_VARIABLES = (
    "from contextvars import ContextVar as Variable\n\nuser = Variable('user')\nother = Variable('other')\n\n"
    "def keep(name):\n    user.set(name)"
)
KEPT = {
    "alias_of_the_state": ("state = request.app.state\nstate.user = request"),
    "setattr": ("setattr(request.app.state, 'user', request)"),
    "special_method": ("request.app.state.__setattr__('user', request)"),
    "alias_of_the_request": ("mine = request\nrequest.app.state.user = mine"),
    "in_a_helper": ("keep(request)"),
    "header": ("request.app.state.user = request.headers['x-user']"),
}
_KEPT = "def keep(request):\n    request.app.state.user = request"
_MORE = {
    "first.py": "from second import *\n",
    "second.py": "seen = []\n\n\ndef keep(name):\n    seen.append(name)\n",
}
_FACTORY = """
from fastapi import FastAPI

def create_app():
    app = FastAPI()
    total = 0
    seen = {}

    @app.get('/cards/{name}')
    async def cards(name: str) -> str:
        WRITE
        return name

    return app
"""


def _indented(done: str) -> str:
    return "".join(f"    {line}\n" for line in [*done.splitlines(), "return ''"])


def attempts() -> Iterator[tuple[str, str, Files]]:
    """Yield each attempt's name, the rule that must speak, and its files."""
    for name, (held, done) in STATE.items():
        yield name, "GR116", {"app.py": f"{_APP}{held}{_ROUTE}{_indented(done)}", **_MORE}
    for name, done in VARIABLES.items():
        yield name, "GR126", {"app.py": f"{_APP}{_VARIABLES}{_ROUTE}{_indented(done)}"}
    route = _ROUTE.replace("name: str)", "request: Request)")
    for name, done in KEPT.items():
        yield name, "GR137", {"app.py": f"from fastapi import Request\n{_APP}{_KEPT}{route}{_indented(done)}"}
    for name, write in {
        "variable_of_a_factory": "nonlocal total; total += 1",
        "dictionary_of_a_factory": "seen[name] = 1",
    }.items():
        yield name, "GR116", {"app.py": _FACTORY.replace("WRITE", write)}
