"""GR529: product code reaches into the interpreter, or replaces parts of the standard library."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.source import nodes_in, parse, unparse
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_REACHES = frozenset(
    {
        "gc.get_objects",
        "gc.get_referrers",
        "gc.get_referents",
        "sys._getframe",
        "sys._current_frames",
        "sys.settrace",
        "sys.setprofile",
        "sys.monitoring",
        "threading.settrace",
        "threading.setprofile",
        "inspect.currentframe",
        "inspect.stack",
        "inspect.getouterframes",
        "ctypes.pythonapi",
        "ctypes.py_object",
        "unittest.mock.patch",
    }
)
_FRAMES = frozenset({"f_back", "f_locals"})
_INSIDES = frozenset({"__code__", "cell_contents"})
_JUDGING = frozenset({"json", "os", "sys", "builtins", "pytest", "_pytest", "pluggy", "unittest"})
# What the standard library's own documentation tells programs to assign to.
_MEANT = frozenset(
    {
        "sys.argv",
        "sys.breakpointhook",
        "sys.displayhook",
        "sys.dont_write_bytecode",
        "sys.excepthook",
        "sys.meta_path",
        "sys.path",
        "sys.path_hooks",
        "sys.stderr",
        "sys.stdin",
        "sys.stdout",
        "sys.tracebacklimit",
        "sys.unraisablehook",
        "threading.excepthook",
        "warnings.formatwarning",
        "warnings.showwarning",
    }
)
_LIBRARY = sys.stdlib_module_names | _JUDGING
_ALTERING = frozenset({"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__"})
_DEEPEST = 20  # no name of a library has so many parts, and a hostile one would exhaust the stack
_TELLING = ("import", "__builtins__", *sorted(_FRAMES | _INSIDES))
_CODE = "def rank(tracks):\n    return sorted(tracks)\n"

RULE = Rule(
    id="GR529",
    name="interpreter-reached",
    gate="integrity",
    summary="Product code reaches into the interpreter, or replaces a part of the standard library.",
    why="Code that alters what others call or sees their frames can decide what a test run reports.",
    remedy="Pass what the code needs as arguments; wrap a function of the library instead of replacing it.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={}, files={"app/a.py": "import json\n\njson.dumps = lambda *rest: '{}'\n"}),
        Example(base={}, files={"app/a.py": "import os as o\n\nsetattr(o, 'write', print)\n"}),
        Example(base={}, files={"app/a.py": "import gc\n\nSEEN = [one for one in gc.get_objects()]\n"}),
        Example(base={}, files={"app/a.py": "import sys\n\nABOVE = getattr(sys, '_getframe')(1)\n"}),
        Example(base={}, files={"app/a.py": "import sys\n\nsys.modules['shop'] = object()\n"}),
        Example(base={}, files={"app/a.py": "def f(one, other):\n    one.__code__ = other.__code__\n"}),
    ),
    good=(
        Example(base={}, files={"app/a.py": "import json, sys\n\nsys.stdout = open('x')\nd = json.dumps\n"}),
        Example(base={}, files={"app/a.py": "from . import json\n\njson.indent = 2\n"}),
        Example(
            base={},
            files={"app/a.py": "import logging\n\nlog = logging.getLogger('a')\nlog.propagate = False\n"},
        ),
        Example(
            base={"app/a.py": "import sys\n\nF = sys._getframe\n"},
            files={"app/a.py": "import sys\n\nF = sys._getframe\n" + _CODE},
        ),
        Example(base={}, files={"tests/test_a.py": "import json\n\njson.dumps = repr\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each place where product code of head newly reaches into the interpreter."""
    for file in view.files(Role.PRODUCT):
        if file.new is None or not file.path.endswith(".py"):
            continue
        found = {text: (line, what, effect) for text, line, what, effect in _reaches(view.after(file.path))}
        known = {text for text, *_ in _reaches(view.before(file.path))} if found else set()
        for text, (line, what, effect) in found.items():
            if text not in known:
                yield finding_of(
                    RULE,
                    effect,
                    Location(file.path, line),
                    f"product code {what}",
                    subject=text,
                    evidence=(Before("", text),),
                )


def _reaches(text: str) -> Iterator[tuple[str, int, str, Effect]]:
    """Yield (code, line, what it does, effect) of every reach; nothing can be reached without an import."""
    is_near = any(one in text for one in _TELLING)
    module = parse(text) if is_near else None
    if module is None:
        return
    nodes = nodes_in(module)
    imported = _imported(module, nodes)
    for node in nodes:
        what, effect = _reach(node, imported)
        if what:
            yield unparse(node), getattr(node, "lineno", 0), what, effect


def _reach(node: ast.AST, imported: Mapping[str, str]) -> tuple[str, Effect]:
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _replaced(node, imported)
    if isinstance(node, ast.Attribute) and node.attr in _FRAMES:
        return f"reads the frames of others through {node.attr}", Effect.REVIEW
    if isinstance(node, ast.Call) and (owner := _altered_by_call(node, imported)):
        return _replaces(owner)
    if isinstance(node, ast.Name | ast.Attribute | ast.Call) and (name := _name(node, imported)) in _REACHES:
        return f"reaches into the interpreter through {name}", Effect.REVIEW
    return "", Effect.REVIEW


def _replaced(target: ast.Attribute | ast.Subscript, imported: Mapping[str, str]) -> tuple[str, Effect]:
    """Return what an assignment to `target`, or its deletion, does to what others use."""
    if isinstance(target, ast.Attribute):
        if target.attr in _INSIDES:
            return f"replaces the {target.attr} of a function", Effect.REVIEW
        owner = _name(target.value, imported)
        return _replaces(f"{owner}.{target.attr}") if owner else ("", Effect.REVIEW)
    if _name(target.value, imported) == "sys.modules":
        is_own = isinstance(target.slice, ast.Name) and target.slice.id == "__name__"
        return ("", Effect.REVIEW) if is_own else _replaces("sys.modules")
    owner = _namespace(target.value, imported)
    key = _text(target.slice) or "*"
    return _replaces(f"{owner}.{key}") if owner else ("", Effect.REVIEW)


def _replaces(name: str) -> tuple[str, Effect]:
    top = name.partition(".")[0]
    if top not in _LIBRARY or name in _MEANT:
        return "", Effect.REVIEW
    is_judging = top in _JUDGING and name != "sys.modules"
    return f"replaces {name}", Effect.BLOCK if is_judging else Effect.REVIEW


def _altered_by_call(call: ast.Call, imported: Mapping[str, str]) -> str:
    """Return the name that a call replaces: by setattr, or by a method of a module's namespace."""
    if isinstance(call.func, ast.Name) and call.func.id in {"setattr", "delattr"} and len(call.args) > 1:
        owner, key = _name(call.args[0], imported), call.args[1]
        return f"{owner}.{_text(key) or '*'}" if owner else ""
    if isinstance(call.func, ast.Attribute) and call.func.attr in _ALTERING:
        if _name(call.func.value, imported) == "sys.modules":
            return "sys.modules"
        owner = _namespace(call.func.value, imported)
        return f"{owner}.*" if owner else ""
    return ""


def _namespace(node: ast.AST, imported: Mapping[str, str]) -> str:
    """Return whose namespace `node` is: of `os.__dict__` and `vars(os)`, os; empty for anything else."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return _name(node.value, imported)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "vars"
        and node.args
    ):
        return _name(node.args[0], imported)
    return ""


def _imported(module: ast.Module, nodes: Iterable[ast.AST]) -> Mapping[str, str]:
    """Return what each name stands for that is imported from outside the package, or is set to such a one.

    What a call returns is no part of a library, so a logger or a parser is left alone.
    """
    found = {"__builtins__": "builtins"}
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {one.asname or one.name.partition(".")[0]: _bound(one) for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = _name(statement.value, found)
            if name:
                found.setdefault(statement.targets[0].id, name)
    return found


def _bound(name: ast.alias) -> str:
    return name.name if name.asname else name.name.partition(".")[0]


def _name(node: ast.AST, imported: Mapping[str, str], depth: int = _DEEPEST) -> str:
    """Return the dotted name of something imported, also through getattr, __import__ and sys.modules."""
    if isinstance(node, ast.Name) or depth <= 0:
        return imported.get(node.id, "") if isinstance(node, ast.Name) else ""
    if isinstance(node, ast.Attribute):
        owner = _name(node.value, imported, depth - 1)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Subscript):
        return _text(node.slice) if _name(node.value, imported, depth - 1) == "sys.modules" else ""
    return _returned(node, imported, depth - 1) if isinstance(node, ast.Call) else ""


def _returned(call: ast.Call, imported: Mapping[str, str], depth: int) -> str:
    """Return the dotted name of what getattr or an import called as a function gives; empty for others."""
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    texts = [_text(one) for one in call.args]
    if called == "getattr" and len(texts) > 1:
        owner = _name(call.args[0], imported, depth)
        return f"{owner}.{texts[1]}" if owner and texts[1] else ""
    is_import = called == "__import__" or _name(call.func, imported, depth) == "importlib.import_module"
    return texts[0] if is_import and texts else ""


def _text(node: ast.AST) -> str:
    """Return the string that `node` is written as; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
