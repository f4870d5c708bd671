from pathlib import PurePosixPath

import pytest

from guardrails.analysis.code.build import facts_of
from guardrails.analysis.code.imports import Modules


def _modules(*paths: str, roots: tuple[str, ...] = (".",)) -> Modules:
    return Modules(frozenset(paths), roots)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("a/b.py", "a.b"),
        ("a/__init__.py", "a"),
        ("src/a/b.py", "a.b"),
        ("services/x/src/y.py", "y"),
        ("srcs/a.py", "srcs.a"),
    ],
)
def test_module_is_named_below_its_longest_root(path: str, name: str) -> None:
    assert _modules(path, roots=(".", "src", "services/x/src")).name_of(path) == name


@pytest.mark.parametrize(
    ("module", "statement", "targets"),
    [
        ("p.a", "import p.b", ["p.b"]),
        ("p.a", "from p import b", ["p.b"]),
        ("p.a", "from p import name", ["p"]),
        ("p.a", "from . import b", ["p.b"]),
        ("p.a", "from .b import name", ["p.b"]),
        ("p", "from .b import name", ["p.b"]),
        ("p.s", "from .. import b", ["p.b"]),
        ("p.s.deep", "from .. import b", ["p.b"]),
        ("p.a", "from p.b import *", ["p.b"]),
        ("p.a", "import numpy.linalg", ["numpy.linalg"]),
        ("p.a", "def f():\n    import p.b", ["p.b"]),
        ("p.a", "import importlib\nimportlib.import_module('p.b')", ["importlib", "p.b"]),
    ],
)
def test_import_is_an_edge_to_the_module_it_brings_in(
    module: str, statement: str, targets: list[str]
) -> None:
    modules = _modules("p/__init__.py", "p/a.py", "p/b.py", "p/s/__init__.py", "p/s/deep.py")
    assert [target for target, _ in modules.edges(module, facts_of(statement.encode()))] == targets


def test_edges_of_this_repository_name_modules_that_exist() -> None:
    folder = PurePosixPath("guardrails/analysis/code")
    names = (
        "build",
        "facts",
        "gather",
        "graph",
        "imports",
        "names",
        "newer",
        "paths",
        "scopes",
        "tree",
        "walker",
    )
    modules = _modules("guardrails/__init__.py", *(str(folder / f"{name}.py") for name in names))
    facts = facts_of(b"from guardrails.analysis.code.facts import Call\nfrom . import graph\n")
    assert [target for target, _ in modules.edges("guardrails.analysis.code.build", facts)] == [
        "guardrails.analysis.code.facts",
        "guardrails.analysis.code.graph",
    ]
