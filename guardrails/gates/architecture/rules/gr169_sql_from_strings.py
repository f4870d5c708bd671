"""A value put into SQL as text is code that whoever chose the value wrote."""

import ast
import re
from collections.abc import Callable, Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called, function_around, last_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
_RUNNING = frozenset({"execute", "executemany", "executescript", "execute_async", "fetch", "fetchrow", "fetchval",
                      "fetch_all", "fetch_one", "read_sql", "read_sql_query", "raw", "text", "exec_driver_sql", "query",
                      "sql"})  # fmt: skip
# Compiled when they are first used.
_STATEMENT = r"(?is)\s*\(?\s*(select|insert|update|delete|with|replace|merge|alter|grant)\b"
# A name that the file does not explain may be one that the function bound to such a method.
CALLED = _RUNNING | {"?"}
# A hole in the place of a value: after a comparison, LIKE, LIMIT or OFFSET, or between quotes.
_VALUE = r"(?is)(?:[=<>]|\b(?:like|ilike|limit|offset|between))\s*['\"]?%?\Z|'[^']*\Z"
_BOUND = (
    r"(?i)(?:^|_)(?:place_?holders?|params?|markers?|binds?|ph|column|col|table|schema|field|limit|offset|"
    r"dialect\w*|sql)s?\Z"
)
_HOLE = "\0"
# What may hold a value: a constant does not, nor what somebody else gives.
_TEXTS = (ast.Name, ast.JoinedStr, ast.BinOp, ast.Call)
NEEDS = ("marks",)

RULE = Rule(
    id="GR169",
    name="sql-from-strings",
    gate="architecture",
    summary="A value is written into the text of an SQL statement that is run.",
    why="Quoting by hand is what injection is made of: one value with a quote in it reads or removes every "
    "listener's rows. It also defeats the database's plan cache, so each request is planned anew.",
    remedy="Leave a placeholder in the text and pass the value beside it: `execute(sql, (value,))`, or "
    '`text("... = :name")` with `{"name": value}`.',
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def cards(cursor, listener):
                cursor.execute(f"SELECT id FROM cards WHERE listener = '{listener}'")
                return cursor.fetchall()
            """,
        ),
        example(
            """
            def cards(cursor, listener):
                query = "SELECT id FROM cards WHERE listener = %s" % listener
                cursor.execute(query)
                return cursor.fetchall()
            """,
        ),
        example(
            """
            from sqlalchemy import text

            def cards(session, kind):
                return session.execute(text('SELECT id FROM cards WHERE kind LIKE "{}"'.format(kind)))
            """,
        ),
        example(
            """
            def remove(connection, card):
                connection.execute("DELETE FROM cards WHERE id = " + card)
            """,
        ),
    ),
    good=(
        example(
            """
            def cards(cursor, listener):
                cursor.execute("SELECT id FROM cards WHERE listener = %s", (listener,))
                return cursor.fetchall()
            """,
        ),
        example(
            """
            TABLE = 'cards'

            def count(cursor, ids):
                marks = ', '.join('?' for _ in ids)
                cursor.execute(f"SELECT count(*) FROM {TABLE} WHERE id IN ({marks})", ids)
                return cursor.fetchone()
            """,
        ),
        example(
            """
            from alembic import op

            def upgrade(old):
                op.execute(f"UPDATE cards SET kind = '{old}'")
            """,
        ),
        example(
            """
            def show(console, card):
                console.print(f"select the card where id = {card}")
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a run of a statement whose text has a value written into it."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], _TEXTS):
        return
    if _name(node, here) not in _RUNNING:
        return
    for text in _texts(node.args[0], here):
        hole = _value_in(text)
        if hole is not None:
            name = last_name(hole) or "a value"
            yield here.mark(node, f"{name} is written into the text of an SQL statement")
            return


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks, unless the module is a migration: its statements run once, on values of its own."""
    if not any(one.module.startswith("alembic") for one in module.facts.imports):
        yield from module.marks(RULE.id)


def _name(call: ast.Call, here: Here) -> str:
    owner, name = called(call)
    if owner is not None:
        return name
    is_unknown = bool(name) and here.name(call.func).startswith("?")
    bound = [one.attr for one in _bound(name, here) if isinstance(one, ast.Attribute)] if is_unknown else []
    return bound[0] if bound else here.name(call.func).rpartition(".")[2]


def _texts(node: ast.expr, here: Here) -> Iterator[ast.expr]:
    """Yield the expressions that the argument may be: itself, or what its name is bound to in the function."""
    yield from _bound(node.id, here) if isinstance(node, ast.Name) else [node]


def _bound(name: str, here: Here) -> Iterator[ast.expr]:
    """Yield what the function around binds a name to; what is added to it later is added to the last."""
    function = function_around(here)
    last: ast.expr | None = None
    for one in here.once(function, _assignments) if function else ():
        if isinstance(one, ast.Assign) and any(map(_is(name), one.targets)):
            last = one.value
            yield last
        elif isinstance(one, ast.AugAssign) and last is not None and _is(name)(one.target):
            last = ast.BinOp(last, one.op, one.value)
            yield last


def _assignments(function: ast.AST) -> list[ast.Assign | ast.AugAssign]:
    return [one for one in ast.walk(function) if isinstance(one, (ast.Assign, ast.AugAssign))]


def _is(name: str) -> Callable[[ast.expr], bool]:
    return lambda one: isinstance(one, ast.Name) and one.id == name


def _value_in(node: ast.expr) -> ast.expr | None:
    """Return the first part that stands where SQL expects a value."""
    parts = _parts(node)
    if not re.match(_STATEMENT, "".join(one if isinstance(one, str) else _HOLE for one in parts)):
        return None
    before = ""
    for one in parts:
        if isinstance(one, str):
            before += one
        elif re.search(_VALUE, before) and not _is_harmless(one):
            return one
        else:
            before += _HOLE
    return None


def _is_harmless(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    name = last_name(node)
    if isinstance(node, ast.Call):
        return called(node)[1] in {"int", "float", "len", "quote", "quote_ident", "join", "literal", "escape"}
    return bool(name.isupper() or re.search(_BOUND, name))


def _parts(node: ast.expr) -> list[str | ast.expr]:
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else [node]
    if isinstance(node, ast.JoinedStr):
        return [
            one.value if isinstance(one, ast.FormattedValue) else str(getattr(one, "value", ""))
            for one in node.values
        ]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_parts(node.left), *_parts(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        held = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled(node.left, r"%[sdr]", held)
    return _of_call(node) if isinstance(node, ast.Call) else [node]


def _of_call(call: ast.Call) -> list[str | ast.expr]:
    owner, method = called(call)
    if owner is not None and method == "format":
        return _filled(owner, r"\{\w*\}", [*call.args, *(one.value for one in call.keywords)])
    if isinstance(owner, ast.Constant) and method in {"replace", "join"}:
        return _assembled(owner, method, call.args)
    return [call]


def _assembled(text: ast.Constant, method: str, given: list[ast.expr]) -> list[str | ast.expr]:
    """Return the parts of `text.replace(old, value)` and of `text.join([first, second])`."""
    first = given[0] if given else text
    if method == "join" and isinstance(first, (ast.List, ast.Tuple)):
        return [part for one in first.elts for part in (*_parts(one), str(text.value))][:-1]
    if method == "replace" and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return _filled(text, re.escape(first.value), given[1:2]) if first.value else [text]
    return [text]


def _filled(template: ast.expr, hole: str, values: list[ast.expr]) -> list[str | ast.expr]:
    if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
        return [template]
    texts = re.split(hole, template.value)
    found: list[str | ast.expr] = [texts[0]]
    for position, text in enumerate(texts[1:]):
        found += [values[min(position, len(values) - 1)] if values else template, text]
    return found
