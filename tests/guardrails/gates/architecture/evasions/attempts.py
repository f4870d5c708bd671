"""Ways to do what the rules forbid without being seen: each is a whole tree that does it.

`HANDLERS` are bodies of an async function in guarded code with the lines that stand before it,
`ORDERS` those of a pure function of ranking, `TREES` whole trees. The policy is the same for all.
"""

from collections.abc import Iterator, Mapping

from tests.guardrails.gates.architecture.evasions import harder

Files = Mapping[str, str | bytes]
POLICY = """
guarded: [app]
pure: [ranking]
contracts:
  - {package: shop, layers: [[api], [core]]}
forbidden:
  - {importer: shop.core, imported: [django, requests], reason: the core knows no framework}
"""
_HANDLER = "async def handler(name=None):"
_ORDER = "def order(cards, name=None):"
_SLEEPS = "import time\n\n\nasync def handler():\n    time.sleep(1)\n"
HANDLERS = {
    "alias_of_an_import": ("tick.sleep(1)", "import time as tick"),
    "alias_of_a_name": ("rest(1)", "from time import sleep as rest"),
    "chain_of_assignments": ("a = time\nb = a.sleep\nc = b\nc(1)", "import time"),
    "getattr_with_a_constant": ("getattr(time, 'sleep')(1)", "import time"),
    "getattr_with_joined_constants": ("getattr(time, 'sl' + 'eep')(1)", "import time"),
    "getattr_with_a_computed_name": ("getattr(time, name)(1)", "import time"),
    "getattr_of_an_fstring": ("getattr(time, f\"{'sleep'}\")(1)", "import time"),
    "getattr_reversed": ("getattr(time, 'peels'[::-1])(1)", "import time"),
    "importlib_with_a_constant": ("importlib.import_module('time').sleep(1)", "import importlib"),
    "importlib_with_joined_constants": ("importlib.import_module('ti' + 'me').sleep(1)", "import importlib"),
    "dunder_import": ("__import__('time').sleep(1)", ""),
    "dunder_import_of_bytes": ("__import__(b'time'.decode()).sleep(1)", ""),
    "sys_modules_with_a_constant": ("sys.modules['time'].sleep(1)", "import sys, time"),
    "sys_modules_with_a_computed_name": ("sys.modules[name].sleep(1)", "import sys"),
    "sys_modules_get": ("sys.modules.get(name).sleep(1)", "import sys"),
    "exec_of_text": ("exec('import time; time.sleep(1)')", ""),
    "eval_of_text": ("eval(\"__import__('time').sleep(1)\")", ""),
    "compiled_and_run": ("exec(compile('import time\\ntime.sleep(1)', 'x', 'exec'))", ""),
    "exec_from_builtins": ("builtins.exec('import time; time.sleep(1)')", "import builtins"),
    "exec_from_the_builtins_dictionary": ("__builtins__['exec']('import time')", ""),
    "exec_by_getattr": ("getattr(__builtins__, 'ex' + 'ec')('import time; time.sleep(1)')", ""),
    "exec_as_a_value": ("list(map(exec, ['import time; time.sleep(1)']))", ""),
    "star_import": ("sleep(1)", "from time import *"),
    "partial": ("functools.partial(time.sleep, 1)()", "import functools, time"),
    "partial_method": (
        "Waiter().wait()",
        ("import functools, time\n\nclass Waiter:\n    wait = functools.partialmethod(time.sleep)"),
    ),
    "lambda_around": ("(lambda: time.sleep(1))()", "import time"),
    "lambda_in_a_variable": ("wait = lambda: time.sleep(1)\nwait()", "import time"),
    "nested_function": ("def inner():\n    time.sleep(1)\ninner()", "import time"),
    "decorator_that_blocks": (
        "work()",
        (
            "import time\n\ndef slow(function):\n    def wrapped():\n        time.sleep(1)\n"
            "        return function()\n    return wrapped\n\n@slow\ndef work():\n    return 1"
        ),
    ),
    "walrus": ("(wait := time.sleep)(1)", "import time"),
    "conditional_expression": ("(time.sleep if name else print)(1)", "import time"),
    "dictionary_of_functions": ("{'go': time.sleep}['go'](1)", "import time"),
    "dictionary_in_a_variable": ("WAYS[name](1)", "import time\n\nWAYS = {'go': time.sleep}"),
    "list_of_functions": ("for wait in [time.sleep]:\n    wait(1)", "import time"),
    "attrgetter": ("operator.attrgetter('sleep')(time)(1)", "import operator, time"),
    "methodcaller": ("operator.methodcaller('sleep', 1)(time)", "import operator, time"),
    "reduce_of_getattr": ("functools.reduce(getattr, ['sleep'], time)(1)", "import functools, time"),
    "module_dictionary": ("time.__dict__['sleep'](1)", "import time"),
    "vars_of_a_module": ("vars(time)['sleep'](1)", "import time"),
    "vars_with_a_computed_name": ("vars(time)[name](1)", "import time"),
    "globals_with_a_constant": ("globals()['time'].sleep(1)", "import time"),
    "globals_with_a_computed_name": ("globals()[name].sleep(1)", "import time"),
    "module_getattribute": ("time.__getattribute__('sleep')(1)", "import time"),
    "object_getattribute": ("object.__getattribute__(time, name)(1)", "import time"),
    "static_getattr": ("inspect.getattr_static(time, name)(1)", "import inspect, time"),
    "class_made_by_type": ("type('Waiter', (), {'go': staticmethod(time.sleep)}).go(1)", "import time"),
    "metaclass_call": (
        "Waiter()",
        (
            "import time\n\nclass Meta(type):\n    def __call__(cls):\n"
            "        time.sleep(1)\n\nclass Waiter(metaclass=Meta):\n    pass"
        ),
    ),
    "descriptor": (
        "Waiter().wait",
        (
            "import time\n\nclass Slow:\n    def __get__(self, one, kind):\n"
            "        time.sleep(1)\n\nclass Waiter:\n    wait = Slow()"
        ),
    ),
    "property": (
        "Waiter().wait",
        ("import time\n\nclass Waiter:\n    @property\n    def wait(self):\n        time.sleep(1)"),
    ),
    "constructor": (
        "Waiter()",
        "import time\n\nclass Waiter:\n    def __init__(self):\n        time.sleep(1)",
    ),
    "context_manager": (
        "with Waiter():\n    pass",
        (
            "import time\n\nclass Waiter:\n    def __enter__(self):\n        time.sleep(1)\n"
            "    def __exit__(self, *error):\n        pass"
        ),
    ),
    "contextlib_manager": (
        "with waiting():\n    pass",
        (
            "import contextlib, time\n\n@contextlib.contextmanager\ndef waiting():\n"
            "    time.sleep(1)\n    yield"
        ),
    ),
    "generator_that_blocks": (
        "for _ in waits():\n    pass",
        "import time\n\ndef waits():\n    time.sleep(1)\n    yield",
    ),
    "async_generator_that_blocks": (
        "async for _ in waits():\n    pass",
        "import time\n\nasync def waits():\n    time.sleep(1)\n    yield",
    ),
    "comprehension": ("[time.sleep(1) for _ in 'x']", "import time"),
    "map_of_a_function": ("list(map(time.sleep, [1]))", "import time"),
    "sort_key_that_blocks": ("sorted([1], key=time.sleep)", "import time"),
    "inherited_method": (
        "Child().wait()",
        (
            "import time\n\nclass Parent:\n    def wait(self):\n        time.sleep(1)\n\n"
            "class Child(Parent):\n    pass"
        ),
    ),
    "super_call": (
        "Child().wait()",
        (
            "import time\n\nclass Parent:\n    def wait(self):\n        time.sleep(1)\n\n"
            "class Child(Parent):\n    def wait(self):\n        super().wait()"
        ),
    ),
    "import_in_a_try": (
        "sleep(1)",
        "try:\n    from time import sleep\nexcept ImportError:\n    sleep = print",
    ),
    "import_under_a_condition": (
        "sleep(1)",
        ("import sys\n\nif sys.platform == 'linux':\n    from time import sleep\nelse:\n    sleep = print"),
    ),
    "import_inside_the_function": ("import time\ntime.sleep(1)", ""),
    "import_of_a_package_path": ("urllib.request.urlopen('x', None, 1)", "import urllib.request"),
    "other_letters_of_one_name": ("time.\uff53\uff4c\uff45\uff45\uff50(1)", "import time"),
    "other_letters_of_a_module": ("\uff54ime.sleep(1)", "import time"),
    "backslash_continuation": ("time \\\n    .sleep \\\n    (1)", "import time"),
    "semicolons_on_one_line": ("x = 1; time.sleep(1); y = 2", "import time"),
    "form_feed": ("time.sleep(1)", "import time\n\x0c"),
    "nested_fstring": ("print(f\"{f'{time.sleep(1)}'}\")", "import time"),
    "match_statement": ("match name:\n    case None:\n        time.sleep(1)", "import time"),
    "match_capture": ("match time.sleep:\n    case wait:\n        wait(1)", "import time"),
    "default_argument": ("inner()", "import time\n\ndef inner(wait=time.sleep):\n    wait(1)"),
    "keyword_only_default": ("inner()", "import time\n\ndef inner(*, wait=time.sleep):\n    wait(1)"),
    "global_statement": (
        "install()\nwait(1)",
        "import time\n\ndef install():\n    global wait\n    wait = time.sleep",
    ),
    "setattr_on_a_class": (
        "Waiter.wait(1)",
        "import time\n\nclass Waiter:\n    pass\n\nsetattr(Waiter, 'wait', time.sleep)",
    ),
    "patched_client": (
        "httpx.AsyncClient.get(1)",
        "import httpx, time\n\nhttpx.AsyncClient.get = time.sleep",
    ),
    "frame_globals": ("sys._getframe().f_globals[name].sleep(1)", "import sys, time"),
    "subclasses_walk": ("().__class__.__base__.__subclasses__()[80]('x').load_module('time').sleep(1)", ""),
    "loader_of_a_module": ("sys.__loader__.load_module('time').sleep(1)", "import sys"),
    "runpy": ("runpy.run_path('slow.py')", "import runpy"),
    "spec_from_file": ("importlib.util.spec_from_file_location('x', 'x.py')", "import importlib.util"),
    "resolve_name": ("pkgutil.resolve_name('time:sleep')(1)", "import pkgutil"),
    "code_object_in_a_function": ("types.FunctionType(name, {})()", "import types"),
    "type_parameters": (
        "return wait(1)",
        (
            "import time\n\nclass Wait[T]:\n    pass\n\ndef wait[T](one: T) -> T:\n"
            "    time.sleep(1)\n    return one"
        ),
    ),
}
ORDERS = {
    "clock_as_a_default": (
        "return sorted(cards, key=lambda card: (now(), card.id))",
        "from time import time as now",
    ),
    "clock_as_a_value": ("return cards, {'now': time.time}", "import time"),
    "clock_by_a_method_of_a_class": ("return datetime.now()", "from datetime import datetime"),
    "clock_of_numpy": ("return numpy.datetime64('now')", "import numpy"),
    "clock_of_the_loop": ("return asyncio.get_event_loop().time()", "import asyncio"),
    "randomness_of_a_set": ("return list(set(cards))", ""),
    "randomness_of_a_hash": ("return sorted(cards, key=lambda card: hash(card.id))", ""),
    "randomness_through_an_instance": ("return random.Random().random()", "import random"),
    "randomness_of_the_system": ("return random.SystemRandom().random()", "import random"),
    "clock_behind_getattr": ("return getattr(time, name)()", "import time"),
    "clock_of_the_system_call": ("return os.times(), os.stat('x').st_atime", "import os"),
}
TREES: dict[str, Files] = {
    "helper_in_another_module": {
        "app/handler.py": ("from app.helper import fetch\n\nasync def handler():\n    return fetch()\n"),
        "app/helper.py": "import time\n\ndef fetch():\n    time.sleep(1)\n",
    },
    "re_export": {
        "app/__init__.py": "from app.slow import fetch\n",
        "app/slow.py": "from time import sleep as fetch\n",
        "app/handler.py": "import app\n\nasync def handler():\n    app.fetch(1)\n",
    },
    "re_export_by_a_star": {
        "app/__init__.py": "",
        "app/names.py": "from time import *\n",
        "app/handler.py": "from app.names import *\n\nasync def handler():\n    sleep(1)\n",
    },
    "module_getattr": {
        "app/__init__.py": "",
        "app/lazy.py": ("def __getattr__(name):\n    import time\n    return getattr(time, name)\n"),
        "app/handler.py": "from app import lazy\n\nasync def handler():\n    lazy.sleep(1)\n",
    },
    "latin_cookie": {
        "app/handler.py": b"# coding: latin-1\nimport time\n\nasync def handler():\n    '\xe9'\n    time.sleep(1)\n"
    },
    "seven_bit_cookie": {
        "app/handler.py": b"# coding: utf-7\nimport time\n\nasync def handler():\n    time.+AHMAbABlAGUAcA-(1)\n"
    },
    "rotated_cookie": {"app/handler.py": b"# coding: rot13\nvzcbeg gvzr\n"},
    "null_byte": {"app/handler.py": b"import time\n\nasync def handler():\n    time.sleep(1)\n\x00"},
    "literal_of_five_megabytes": {"app/handler.py": "TEXT = '" + "x" * (5 << 20) + "'\n" + _SLEEPS},
    "deep_nesting_of_parentheses": {
        "app/handler.py": "X = " + "(" * 3000 + "1" + ")" * 3000 + "\n" + _SLEEPS
    },
    "deep_nesting_of_attributes": {"app/handler.py": "def f(a):\n    a" + ".b" * 4000 + "\n\n\n" + _SLEEPS},
    "syntax_of_a_newer_python": {
        "app/handler.py": (
            "import time\n\ntype Pair[T = int] = tuple[T, T]\n\nasync def handler():\n    time.sleep(1)\n"
        )
    },
    "python_file_without_a_window": {
        "app/handler.pyw": "import time\n\nasync def handler():\n    time.sleep(1)\n"
    },
    "layer_by_a_relative_import": {
        "shop/__init__.py": "",
        "shop/api/__init__.py": "",
        "shop/core/__init__.py": "",
        "shop/core/a.py": "from ..api import routes\n",
        "shop/api/routes.py": "x = 1\n",
    },
    "layer_by_a_lazy_import": {
        "shop/core/a.py": "def f():\n    import shop.api.routes\n    return shop\n",
        "shop/api/routes.py": "x = 1\n",
    },
    "layer_by_importlib": {
        "shop/core/a.py": ("import importlib\n\nroutes = importlib.import_module('shop.api.routes')\n"),
        "shop/api/routes.py": "x = 1\n",
    },
    "layer_by_joined_constants": {
        "shop/core/a.py": ("import importlib\n\nroutes = importlib.import_module('shop.' + 'api.routes')\n"),
        "shop/api/routes.py": "x = 1\n",
    },
    "layer_by_the_package": {
        "shop/core/a.py": "from shop import api\n",
        "shop/api/__init__.py": "x = 1\n",
        "shop/__init__.py": "",
    },
    "ban_by_a_submodule": {"shop/core/a.py": "from django.db.models import Model\n"},
    "ban_by_a_string": {
        "shop/core/a.py": ("import importlib\n\ndef f(name):\n    return importlib.import_module(name)\n")
    },
    "ban_by_exec": {"shop/core/a.py": "exec('import django')\n"},
    "runner_by_joined_constants": {"app/a.py": "import sys\n\nTESTED = 'py' + 'test' in sys.modules\n"},
    "runner_by_the_keys": {"app/a.py": "import sys\n\nTESTED = 'pytest' in sys.modules.keys()\n"},
    "runner_by_a_loop": {
        "app/a.py": ("import sys\n\nTESTED = any(name.startswith('pytest') for name in sys.modules)\n")
    },
    "runner_by_the_arguments": {"app/a.py": "import sys\n\nTESTED = 'pytest' in sys.argv[0]\n"},
    "runner_by_the_joined_arguments": {"app/a.py": "import sys\n\nTESTED = 'pytest' in ' '.join(sys.argv)\n"},
    "runner_by_its_spec": {
        "app/a.py": ("import importlib.util\n\nTESTED = importlib.util.find_spec('pytest') is not None\n")
    },
    "runner_by_its_import": {"app/a.py": "try:\n    import pytest\nexcept ImportError:\n    pytest = None\n"},
    "runner_by_a_trace_function": {"app/a.py": "import sys\n\nTESTED = sys.gettrace() is not None\n"},
    "runner_by_the_environment": {
        "app/a.py": "import os\n\nTESTED = 'PYTEST_' + 'CURRENT_TEST' in os.environ\n"
    },
    "pickle_by_its_c_name": {
        "app/a.py": "import _pickle\n\ndef load(data):\n    return _pickle.loads(data)\n"
    },
    "pickle_as_a_value": {
        "app/a.py": (
            "import pickle\n\nREADERS = {'pickle': pickle.loads}\n\n"
            "def load(kind, data):\n    return READERS[kind](data)\n"
        )
    },
    "sql_by_a_join": {
        "app/a.py": (
            "def cards(cursor, who):\n"
            "    cursor.execute(''.join(['SELECT id FROM cards WHERE who = ', who]))\n"
        )
    },
    "sql_by_augmented_text": {
        "app/a.py": (
            "def cards(cursor, who):\n"
            "    query = 'SELECT id FROM cards WHERE who = '\n    query += who\n"
            "    cursor.execute(query)\n"
        )
    },
    "sql_by_replace": {
        "app/a.py": (
            "def cards(cursor, who):\n"
            "    cursor.execute('SELECT id FROM cards WHERE who = ?'.replace('?', who))\n"
        )
    },
    "sql_by_a_template": {
        "app/a.py": (
            "def cards(cursor, who):\n"
            "    query = f'SELECT id FROM cards WHERE who = {who}'\n"
            "    run = cursor.execute\n    run(query)\n"
        )
    },
}


def attempts() -> Iterator[tuple[str, Files]]:
    """Yield every attempt by its name."""
    for name, (body, before) in {**HANDLERS, **harder.HANDLERS}.items():
        yield name, {"app/handler.py": _program(before, _HANDLER, body)}
    for name, (body, before) in ORDERS.items():
        yield name, {"ranking/order.py": _program(before, _ORDER, body)}
    yield from {**TREES, **harder.TREES}.items()


def _program(before: str, head: str, body: str) -> str:
    inside = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{before}\n\n\n{head}\n{inside}"
