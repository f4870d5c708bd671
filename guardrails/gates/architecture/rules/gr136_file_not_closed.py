"""A file that nobody closes stays open until the garbage collector comes by."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.spelling import method_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Call", "For")
_OPENING = frozenset(
    {"builtins.open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open", "os.fdopen"}
)
_READING = frozenset(
    f"{module}.{name}"
    for module in ("json", "yaml", "pickle", "tomllib", "tomli", "toml", "csv", "marshal", "simplejson")
    for name in (
        "load",
        "safe_load",
        "load_all",
        "safe_load_all",
        "full_load",
        "reader",
        "DictReader",
        "dump",
    )
)
_METHODS = frozenset({"read", "readlines", "readline", "write", "writelines"})
CALLED = _METHODS | {one.rpartition(".")[2] for one in _READING}

RULE = Rule(
    id="GR136",
    name="file-not-closed",
    gate="architecture",
    summary="A file is opened in passing and never closed.",
    why="Without `with` the descriptor lives until the object is collected, which an exception's traceback, a "
    "cycle or another interpreter puts off. A busy process runs out of descriptors, and what was written may "
    "not be on disk when the next line reads it.",
    remedy="Use `with open(...) as file:`, or `Path.read_text`, `Path.read_bytes` and `Path.write_text`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            def read(path):
                return open(path).read()
            """,
        ),
        example(
            """
            import json

            def read(path):
                return json.load(open(path, encoding='utf-8'))
            """,
        ),
        example(
            """
            import gzip

            def lines(path):
                for line in gzip.open(path, 'rt'):
                    print(line)
            """,
        ),
    ),
    good=(
        example(
            """
            def read(path):
                with open(path) as file:
                    return file.read()
            """,
        ),
        example(
            """
            import json
            from pathlib import Path

            def read(path):
                return json.loads(Path(path).read_text())
            """,
        ),
        example(
            """
            import contextlib

            def read(path):
                with contextlib.closing(open(path)) as file:
                    return file.read()
            """,
        ),
    ),
)


def marks_in(node: ast.Call | ast.For, here: "Here") -> "Iterator[Mark]":
    """Yield what opens a file where nothing can close it: before a dot, as an argument, in a loop's head."""
    if isinstance(node, ast.For):
        if _opens(node.iter, here):
            yield here.mark(node.iter, f"{ast.unparse(node.iter)} is read in a loop and never closed")
        return
    held, method = method_of(node.func)
    if held is not None and method in _METHODS and _opens(held, here):
        yield here.mark(node, f"{ast.unparse(held)} is used once and never closed")
    elif any(_opens(one, here) for one in node.args) and _READING & set(here.meanings(node.func)):
        yield here.mark(node, f"{ast.unparse(node)} leaves its file open")


def _opens(node: ast.expr, here: "Here") -> bool:
    return isinstance(node, ast.Call) and bool(_OPENING & set(here.meanings(node.func)))
