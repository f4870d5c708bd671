from collections.abc import Mapping

import pytest

from guardrails.analysis.code.graph import Graph, Search, Symbol
from guardrails.analysis.code.tree import Code
from tests.repos.memory import MemoryCache, MemoryTree

HELPERS: Mapping[str, Mapping[str, str]] = {
    "function in another module": {
        "app.py": "from lib import nap\ndef go():\n    nap()\n",
        "lib.py": "import time\ndef nap():\n    time.sleep(1)\n",
    },
    "re-exported by a package": {
        "app.py": "import lib\ndef go():\n    lib.nap()\n",
        "lib/__init__.py": "from .deep import nap\n",
        "lib/deep.py": "from time import sleep as nap\n",
    },
    "star import": {
        "app.py": "from lib import *\ndef go():\n    nap()\n",
        "lib.py": "import time\ndef nap():\n    time.sleep(1)\n",
    },
    "relative import two levels up": {
        "pkg/__init__.py": "",
        "pkg/a/__init__.py": "",
        "pkg/a/app.py": "from ..lib import nap\ndef go():\n    nap()\n",
        "pkg/lib.py": "import time\nnap = time.sleep\n",
    },
    "method of a constructed object": {
        "app.py": "from lib import Store\ndef go():\n    store = Store()\n    store.read()\n",
        "lib.py": "import time\nclass Store:\n    def read(self):\n        time.sleep(1)\n",
    },
    "inherited method": {
        "app.py": "from lib import Base\nclass Store(Base):\n    pass\ndef go():\n    Store().read()\n",
        "lib.py": (
            "import time\nclass Base:\n    def read(self):\n"
            "        self.wait()\n    def wait(self):\n        time.sleep(1)\n"
        ),
    },
    "constructor": {
        "app.py": "from lib import Store\ndef go():\n    Store()\n",
        "lib.py": "import time\nclass Store:\n    def __init__(self):\n        time.sleep(1)\n",
    },
    "context manager": {
        "app.py": "from lib import Lock\ndef go():\n    with Lock():\n        pass\n",
        "lib.py": (
            "import time\nclass Lock:\n    def __enter__(self):\n"
            "        time.sleep(1)\n    def __exit__(self, *_): ...\n"
        ),
    },
    "returned object": {
        "app.py": "from lib import store\ndef go():\n    store().read()\n",
        "lib.py": (
            "import time\nclass Store:\n    def read(self):\n"
            "        time.sleep(1)\ndef store() -> Store:\n    return Store()\n"
        ),
    },
    "annotated parameter": {
        "app.py": "from lib import Store\ndef go(store: Store):\n    store.read()\n",
        "lib.py": "import time\nclass Store:\n    def read(self):\n        time.sleep(1)\n",
    },
    "module-level object": {
        "app.py": "from lib import store\ndef go():\n    store.read()\n",
        "lib.py": "import time\nclass Store:\n    def read(self):\n        time.sleep(1)\nstore = Store()\n",
    },
    "attribute of self": {
        "app.py": (
            "from lib import Store\nclass App:\n    def __init__(self):\n        self.store = Store()\n"
            "    def go(self):\n        self.store.read()\ndef go():\n    App().go()\n"
        ),
        "lib.py": "import time\nclass Store:\n    def read(self):\n        time.sleep(1)\n",
    },
    "function handed to map": {
        "app.py": "from lib import nap\ndef go():\n    list(map(nap, x))\n",
        "lib.py": "import time\ndef nap(x):\n    time.sleep(1)\n",
    },
    "wrapper that a decorator puts around": {
        "app.py": "from lib import slow\n@slow\ndef quick(): ...\ndef go():\n    quick()\n",
        "lib.py": (
            "import time\ndef slow(f):\n    def wrapper():\n        time.sleep(1)\n        return f()\n"
            "    return wrapper\n"
        ),
    },
    "wrapper of a decorator with arguments": {
        "app.py": "import lib\n@lib.slow(3)\ndef quick(): ...\ndef go():\n    quick()\n",
        "lib.py": (
            "import time\ndef slow(n):\n    def outer(f):\n        def wrapper():\n            time.sleep(n)\n"
            "        return wrapper\n    return outer\n"
        ),
    },
    "functions that call each other": {
        "app.py": "from lib import nap\ndef go():\n    nap()\ndef back():\n    go()\n",
        "lib.py": "import time, app\ndef nap():\n    app.back()\n    time.sleep(1)\n",
    },
}


def _graph(files: Mapping[str, str]) -> Graph:
    return Graph(Code(MemoryTree(files), MemoryCache(), (".",), "test"))


def _reaches(files: Mapping[str, str]) -> list[str]:
    graph = _graph(files)
    module = next(name for name in graph.modules.by_name if name.endswith("app"))
    scopes = graph.facts(module).scopes
    start = next(index for index, one in enumerate(scopes) if one.name == "go")
    search = Search("sleep", lambda _, names: "time.sleep" in names, lambda _symbol, _call: False)
    found = list(graph.reached(Symbol(module, "go", start), search))
    assert list(graph.reached(Symbol(module, "go", start), search)) == found
    return [step.text for one in found for step, _ in one.steps]


@pytest.mark.parametrize("helper", HELPERS)
def test_call_behind_a_helper_is_reached(helper: str) -> None:
    assert _reaches(HELPERS[helper])


def test_function_that_is_only_handed_on_is_not_called() -> None:
    files = {
        "app.py": "from lib import nap\ndef go(pool):\n    pool.submit(nap)\n    return nap\n",
        "lib.py": "import time\ndef nap():\n    time.sleep(1)\n",
    }
    assert _reaches(files) == []


def test_nested_function_is_reached_only_when_it_is_called() -> None:
    quiet = "import time\ndef go():\n    def inner():\n        time.sleep(1)\n    return inner\n"
    assert _reaches({"app.py": quiet}) == []
    assert _reaches({"app.py": quiet.replace("return inner", "return inner()")}) == ["app.go", "app.go.inner"]


def test_modules_that_star_import_each_other_end_and_still_tell_what_they_hold() -> None:
    stars = {f"m{n}.py": "".join(f"from m{k} import *\n" for k in range(8) if k != n) for n in range(8)}
    files = {**stars, "app.py": "from m0 import *\ndef go():\n    nap()\n    gone()\n"}
    assert _reaches(files) == []
    assert _reaches({**files, "m7.py": stars["m7.py"] + "from time import sleep as nap\n"}) == ["app.go"]


def test_names_that_chase_each_other_end() -> None:
    files = {"app.py": "from lib import a as b\ndef go():\n    b()\n", "lib.py": "from app import b as a\n"}
    assert _reaches(files) == []


def test_attribute_that_is_assigned_from_itself_does_not_grow_without_end() -> None:
    methods = [f"m{number}" for number in range(6)]
    body = "".join(f"    def go_{one}(self):\n        self.unit = self.unit.{one}()\n" for one in methods)
    files = {"app.py": f"class App:\n{body}def go():\n    App().unit.{'().'.join(methods * 3)}()\n"}
    assert _reaches(files) == []


def test_share_of_calls_that_cannot_be_followed_is_told_by_module() -> None:
    files = {
        "app.py": "import time\ndef go(x):\n    x.y()\n    time.sleep(1)\n    gone()\n    len(x)\n",
        "b.py": "",
    }
    assert _graph(files).unresolved("app") == (2, 4)
    assert _graph(files).unresolved("b") == (0, 0)


def test_what_a_name_means_does_not_depend_on_what_was_asked_before() -> None:
    files = {
        "a.py": "from b import *\nfrom c import one\nimport time\n",
        "b.py": "from a import *\nfrom c import *\n",
        "c.py": "from a import *\nfrom b import two\none = two\n",
        "d.py": "from b import three\nimport time, json\ntwo = three\n",
    }
    asked = [(module, f":{name}") for module in "abcd" for name in ("one", "two", "three", "time")]
    alone = {key: _graph(files).meanings(*key) for key in asked}
    for first in asked:
        graph = _graph(files)
        graph.meanings(*first)
        assert {key: graph.meanings(*key) for key in asked} == alone


@pytest.mark.parametrize("first", ["a", "b", "c"])
def test_one_name_may_mean_each_projects_own_module_whoever_asks_first(first: str) -> None:
    files = {
        "a/pyproject.toml": "",
        "a/app.py": "import shop\n",
        "a/shop.py": "from time import sleep as wait\n",
        "b/pyproject.toml": "",
        "b/app.py": "import shop\n",
        "b/shop.py": "def wait(): ...\n",
        "c/app.py": "import shop\n",
    }
    graph = _graph(files)
    graph.meanings(f"{first}.app", "shop.wait")
    said = {one: graph.meanings(f"{one}.app", "shop.wait") for one in "abc"}
    assert said == {
        "a": ("shop.wait", "time.sleep"),
        "b": ("shop.wait", "b.shop:wait"),
        "c": ("shop.wait",),
    }


def test_relative_name_means_another_module_in_another_package() -> None:
    files = {
        "a/__init__.py": "",
        "a/app.py": "from .shop import wait\n",
        "a/shop.py": "from time import sleep as wait\n",
        "b/__init__.py": "",
        "b/app.py": "from .shop import wait\n",
        "b/shop.py": "def wait(): ...\n",
    }
    graph = _graph(files)
    assert graph.meanings("a.app", ".shop.wait") == ("time.sleep",)
    assert graph.meanings("b.app", ".shop.wait") == ("b.shop:wait",)


@pytest.mark.parametrize(
    ("call", "reached"), [("await client().get()", []), ("client().get()", ["app.go", "lib.Plain.get"])]
)
def test_of_what_a_name_may_be_an_await_takes_what_can_be_awaited(call: str, reached: list[str]) -> None:
    files = {
        "app.py": f"from lib import client\nasync def go():\n    {call}\n",
        "lib.py": (
            "import time\nclass Plain:\n    def get(self):\n        time.sleep(1)\n"
            "class Later:\n    async def get(self):\n        pass\n"
            "def client(plain=False):\n    if plain:\n        return Plain()\n    return Later()\n"
        ),
    }
    assert _reaches(files) == reached
