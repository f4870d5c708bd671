"""More ways to hide, against every family of rules: each is a body of an async handler in guarded code with
what stands before it, or a whole tree."""

from tests.guardrails.gates.architecture.judged import Files

HANDLERS = {
    "class_attribute_alias": ("Ways.wait(1)", "import time\n\nclass Ways:\n    wait = time.sleep"),
    "instance_attribute_alias": (
        "Ways().wait(1)",
        "import time\n\nclass Ways:\n    def __init__(self):\n        self.wait = time.sleep",
    ),
    "alias_of_a_class_attribute_in_a_subclass": (
        "Other().go(1)",
        "import time\n\nclass Ways:\n    wait = time.sleep\n\nclass Other(Ways):\n    go = Ways.wait",
    ),
    "dataclass_default": (
        "Ways().wait(1)",
        "import dataclasses, time\n\n@dataclasses.dataclass\nclass Ways:\n    wait: object = time.sleep",
    ),
    "dataclass_field_default": (
        "Ways().wait(1)",
        (
            "import dataclasses, time\n\n@dataclasses.dataclass\nclass Ways:\n"
            "    wait: object = dataclasses.field(default=time.sleep)"
        ),
    ),
    "named_tuple_default": (
        "Ways().wait(1)",
        "import time, typing\n\nclass Ways(typing.NamedTuple):\n    wait: object = time.sleep",
    ),
    "enum_member": (
        "Ways.GO.value(1)",
        "import enum, functools, time\n\nclass Ways(enum.Enum):\n    GO = functools.partial(time.sleep)",
    ),
    "lambda_default": ("(lambda wait=time.sleep: wait(1))()", "import time"),
    "decorator_that_returns_another_function": (
        "work(1)",
        (
            "import time\n\ndef instead(function):\n    return time.sleep\n\n"
            "@instead\ndef work(seconds):\n    return seconds"
        ),
    ),
    "decorator_with_arguments_that_returns_another": (
        "work(1)",
        (
            "import time\n\ndef instead(other):\n    def inner(function):\n        return other\n    return inner\n\n"
            "@instead(time.sleep)\ndef work(seconds):\n    return seconds"
        ),
    ),
    "class_as_a_decorator": (
        "work()",
        (
            "import time\n\nclass Slow:\n    def __init__(self, function):\n        self.function = function\n\n"
            "    def __call__(self):\n        time.sleep(1)\n        return self.function()\n\n"
            "@Slow\ndef work():\n    return 1"
        ),
    ),
    "exit_stack": (
        "with contextlib.ExitStack() as stack:\n    stack.callback(time.sleep, 1)",
        "import contextlib, time",
    ),
    "closing": (
        "with contextlib.closing(Slow()):\n    pass",
        "import contextlib, time\n\nclass Slow:\n    def close(self):\n        time.sleep(1)",
    ),
    "generator_sent_to": (
        "waiting = waiter()\nnext(waiting)",
        "import time\n\ndef waiter():\n    while True:\n        time.sleep((yield) or 1)",
    ),
    "generator_delegated_to": (
        "list(outer())",
        "import time\n\ndef inner():\n    time.sleep(1)\n    yield 1\n\ndef outer():\n    yield from inner()",
    ),
    "yielded_function": (
        "for wait in ways():\n    wait(1)",
        "import time\n\ndef ways():\n    yield time.sleep",
    ),
    "returned_function": ("way()(1)", "import time\n\ndef way():\n    return time.sleep"),
    "returned_by_a_chain": (
        "way()()(1)",
        "import time\n\ndef way():\n    def inner():\n        return time.sleep\n    return inner",
    ),
    "reduce_of_a_call": (
        "functools.reduce(lambda total, one: time.sleep(one), [1], 0)",
        "import functools, time",
    ),
    "reduce_of_the_function": (
        "functools.reduce(lambda way, one: way(one), [1], time.sleep)",
        "import functools, time",
    ),
    "operator_call": ("operator.call(time.sleep, 1)", "import operator, time"),
    "apply_by_starmap": ("list(itertools.starmap(time.sleep, [(1,)]))", "import itertools, time"),
    "iter_with_a_sentinel": ("next(iter(functools.partial(time.sleep, 1), 0))", "import functools, time"),
    "match_of_a_class": (
        "match Ways():\n    case Ways(wait=go):\n        go(1)",
        "import time\n\nclass Ways:\n    wait = time.sleep",
    ),
    "match_of_a_sequence": ("match [time.sleep]:\n    case [go]:\n        go(1)", "import time"),
    "type_parameter_of_a_function": (
        "work(1)",
        "import time\n\ndef work[T](seconds: T, wait=time.sleep) -> T:\n    wait(seconds)\n    return seconds",
    ),
    "type_parameter_of_a_class": (
        "Ways[int]().go()",
        "import time\n\nclass Ways[T]:\n    def go(self) -> T:\n        return time.sleep(1)",
    ),
    "nested_quotes_in_an_fstring": ('return f"{time.sleep(1) or f"{name}"}"', "import time"),
    "except_star": (
        "try:\n    raise ExceptionGroup('x', [ValueError()])\nexcept* ValueError:\n    time.sleep(1)",
        "import time",
    ),
    "tuple_unpacking": ("first, *rest = time.sleep, 1\nfirst(1)", "import time"),
    "swap": ("a, b = print, time.sleep\na, b = b, a\na(1)", "import time"),
    "augmented_by_or": ("wait = None\nwait = wait or time.sleep\nwait(1)", "import time"),
    "del_and_bind_again": ("wait = print\ndel wait\nwait = time.sleep\nwait(1)", "import time"),
    "weak_reference": ("weakref.ref(time.sleep)()(1)", "import time, weakref"),
    "import_as_of_a_submodule": ("r.urlopen('x', None, 1)", "import urllib.request as r"),
    "getattr_with_a_default": ("getattr(time, 'sleep', None)(1)", "import time"),
    "nonlocal_rebinding": (
        "wait = print\ndef change():\n    nonlocal wait\n    wait = time.sleep\nchange()\nwait(1)",
        "import time",
    ),
}
TREES: dict[str, Files] = {
    "star_re_exports_through_two_modules": {
        "app/first.py": "from app.second import *\n",
        "app/second.py": "from app.third import *\n",
        "app/third.py": "from time import *\n",
        "app/handler.py": "from app.first import *\n\n\nasync def handler():\n    sleep(1)\n",
    },
    "re_export_under_another_name_through_two_modules": {
        "app/first.py": "from app.second import rest as pause\n",
        "app/second.py": "from time import sleep as rest\n",
        "app/handler.py": "from app.first import pause\n\n\nasync def handler():\n    pause(1)\n",
    },
    "module_of_a_package_by_its_attribute": {
        "app/__init__.py": "import time as clock\n",
        "app/handler.py": "import app\n\n\nasync def handler():\n    app.clock.sleep(1)\n",
    },
    "class_of_another_module_with_an_alias": {
        "app/ways.py": "import time\n\n\nclass Ways:\n    wait = staticmethod(time.sleep)\n",
        "app/handler.py": "from app.ways import Ways\n\n\nasync def handler():\n    Ways.wait(1)\n",
    },
}
