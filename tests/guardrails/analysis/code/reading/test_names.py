import pytest

from guardrails.analysis.code.build import facts_of

WAYS_TO_SLEEP = {
    "plain": "import time\ntime.sleep(1)",
    "module alias": "import time as t\nt.sleep(1)",
    "function alias": "from time import sleep as s\ns(1)",
    "assignment": "import time\nnap = time.sleep\nnap(1)",
    "assignment of an assignment": "import time as t\nx = t\ny = x.sleep\ny(1)",
    "pair": "import time\na, b = time.sleep, 1\na(1)",
    "default argument": "import time\ndef f(s=time.sleep):\n    s(1)",
    "keyword default": "import time\ndef f(*, s=time.sleep):\n    s(1)",
    "__import__": "__import__('time').sleep(1)",
    "import_module": "import importlib\nimportlib.import_module('time').sleep(1)",
    "import_module alias": "from importlib import import_module as load\nload('time').sleep(1)",
    "getattr": "import time\ngetattr(time, 'sleep')(1)",
    "getattr alias": "import time\ng = getattr\ng(time, 'sleep')(1)",
    "sys.modules": "import sys\nsys.modules['time'].sleep(1)",
    "__dict__": "import time\ntime.__dict__['sleep'](1)",
    "vars": "import time\nvars(time)['sleep'](1)",
    "globals": "import time\nglobals()['time'].sleep(1)",
    "partial": "import functools, time\nfunctools.partial(time.sleep, 1)()",
    "partial by name": "from functools import partial\nimport time\nnap = partial(time.sleep, 1)\nnap()",
    "walrus": "import time\n(nap := time.sleep)(1)",
    "condition": "import time\n(time.sleep if x else print)(1)",
    "or": "import time\n(None or time.sleep)(1)",
    "literal dictionary": "import time\n{'a': time.sleep}['a'](1)",
    "literal list": "import time\n[time.sleep][0](1)",
    "loop over a literal": "import time\nfor nap in [time.sleep]:\n    nap(1)",
    "lambda": "import time\n(lambda: time.sleep(1))()",
    "class attribute": "import time\nclass A:\n    nap = time.sleep\n    def f(self):\n        self.nap(1)",
    "instance attribute": (
        "import time\nclass A:\n    def __init__(self):\n"
        "        self.n = time.sleep\n    def f(self):\n        self.n(1)"
    ),
    "late global": "def f():\n    t.sleep(1)\nimport time as t",
    "global statement": "def f():\n    global t\n    import time as t\ndef g():\n    t.sleep(1)",
    "either": "try:\n    from fast import sleep\nexcept ImportError:\n    from time import sleep\nsleep(1)",
    "rebound later": "import time\ndef f():\n    nap = time.sleep\n    nap(1)\n    nap = None",
}


@pytest.mark.parametrize("way", WAYS_TO_SLEEP)
def test_every_way_one_file_can_spell_a_call_resolves_to_the_same_name(way: str) -> None:
    assert "time.sleep" in {call.name for call in facts_of(WAYS_TO_SLEEP[way].encode()).calls}


@pytest.mark.parametrize(
    "text",
    [
        "import time\nasync def f(time):\n    time.sleep(1)",
        "import time\ndef f():\n    time = clock()\n    time.sleep(1)",
        "import time\n[time.sleep(1) for time in clocks]",
        "import time\nclass A:\n    def time(self):\n        self.time.sleep(1)",
        "from asyncio import sleep\nsleep(1)",
    ],
)
def test_name_that_is_hidden_by_another_is_not_taken_for_the_import(text: str) -> None:
    assert "time.sleep" not in {call.name for call in facts_of(text.encode()).calls}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import httpx\ndef f(c: httpx.Client):\n    c.get()", "httpx.Client().get"),
        ("import httpx\ndef f(c: 'httpx.Client | None'):\n    c.get()", "httpx.Client().get"),
        (
            "import httpx\nfrom typing import Optional\ndef f(c: Optional[httpx.Client]):\n    c.get()",
            "httpx.Client().get",
        ),
        ("import httpx\nwith httpx.Client() as c:\n    c.get()", "httpx.Client().get"),
        (
            "import httpx\nclass A:\n    c: httpx.Client\n    def f(self):\n        self.c.get()",
            "httpx.Client().get",
        ),
        ("class A:\n    def f(self):\n        self.g()\n    def g(self): ...", ":A.g"),
        ("class A:\n    @classmethod\n    def f(cls):\n        cls.g()\n    def g(self): ...", ":A.g"),
        ("from . import store\nstore.read()", ".store.read"),
        ("from ..a.b import c\nc()", "..a.b.c"),
        ("open('x')", "builtins.open"),
        ("def f(x):\n    x.go()", "?x.go"),
    ],
)
def test_receiver_is_known_by_annotation_construction_or_import(text: str, name: str) -> None:
    assert name in {call.name for call in facts_of(text.encode()).calls}


def test_keywords_bound_by_partial_belong_to_the_call() -> None:
    facts = facts_of(
        b"import functools, requests\nget = functools.partial(requests.get, timeout=2)\nget('x')"
    )
    (call,) = [one for one in facts.calls if one.name == "requests.get"]
    assert call.keyword("timeout") == "..."
    assert call.keyword("verify") is None
