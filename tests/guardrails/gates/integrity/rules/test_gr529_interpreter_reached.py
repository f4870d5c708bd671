"""The ways around the rule that sees product code reach into the interpreter."""

import pytest

from guardrails.gates.integrity.gate import GATE
from tests.repos.memory import context_for

BLOCKED = {
    "in a function": "def f():\n    import json\n    json.dumps = repr\n",
    "by another name": "import json as j\nk = j\nk.dumps = repr\n",
    "in a tuple": "import os, json\n(os.write, json.dumps), x = (1, 2), 3\n",
    "of a part": "from os import path\npath.exists = bool\n",
    "of a class": "from json import JSONEncoder\nJSONEncoder.default = repr\n",
    "as a loop's target": "import os\nfor os.write in [print]:\n    pass\n",
    "as what a block opens": "import os\nwith open('x') as os.write:\n    pass\n",
    "deleted": "import os\ndel os.fork\n",
    "by a name that is computed": "import os\nfor one in ('wri' + 'te',):\n    setattr(os, one, print)\n",
    "of what an import returns": "__import__('json').dumps = repr\n",
    "of what importlib returns": "from importlib import import_module as m\nm('json').dumps = repr\n",
    "of a loaded module": "import sys\nsys.modules['json'].dumps = repr\n",
    "through its namespace": "import os\nos.__dict__['write'] = print\n",
    "through vars": "import os\nvars(os).update(write=print)\n",
    "of the builtins": "__builtins__.isinstance = lambda *a: True\n",
}
REVIEWED = {
    "a frame without a name": "def f(error):\n    return error.__traceback__.tb_frame.f_back.f_locals\n",
    "a function's cells": "def f(one, g):\n    one.__closure__[0].cell_contents = g\n",
    "objects by import": "from gc import get_objects as everything\nX = everything()\n",
    "objects by getattr": "import gc\nX = getattr(gc, 'get_objects')()\n",
    "a tracer": "import sys\nsys.settrace(print)\n",
    "monitoring": "import sys\nsys.monitoring.use_tool_id(1, 'x')\n",
    "the C interface": "import ctypes\nctypes.pythonapi.PyErr_Clear()\n",
    "a patch": "from unittest import mock\nmock.patch('json.dumps', repr).start()\n",
    "the loaded modules": "import sys\nsys.modules.update(json=None)\n",
    "a module taken away": "import sys\ndel sys.modules['json']\n",
    "another library": "import socket\nsocket.socket = object\n",
}
LEFT_ALONE = {
    "streams": "import sys\nsys.stdout = sys.stderr\nsys.path[:0] = ['x']\n",
    "the environment": "import os\nos.environ['A'] = 'b'\n",
    "what calls return": "import argparse\np = argparse.ArgumentParser()\np.prog = 'x'\n",
    "its own module": "import sys\nsys.modules[__name__] = object()\nsetattr(sys.modules[__name__], 'a', 1)\n",
    "its own attributes": "class A:\n    def f(self, os):\n        self.os = os\n        self.__dict__['a'] = 1\n",
    "a name without end": "import os\nx = os" + ".a" * 900 + "\n",
    "other libraries": "import numpy\nnumpy.x = 1\n",
}


def effects(text: str) -> set[str]:
    findings = GATE.run(context_for({}, {"app/a.py": text})).findings
    return {one.effect.value for one in findings if one.rule == "GR529"}


@pytest.mark.parametrize("text", BLOCKED.values(), ids=BLOCKED.keys())
def test_what_replaces_a_part_that_judging_needs_is_blocked(text: str) -> None:
    assert "block" in effects(text)


@pytest.mark.parametrize("text", REVIEWED.values(), ids=REVIEWED.keys())
def test_what_reaches_into_the_interpreter_is_reviewed(text: str) -> None:
    assert effects(text) == {"review"}


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_what_programs_are_meant_to_do_is_left_alone(text: str) -> None:
    assert effects(text) == set()
