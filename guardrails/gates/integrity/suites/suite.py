"""The tests of one file by id, with what each insists on and what may switch it off.

A statement that cannot be reached, sits under a false condition, or whose failure is swallowed
does not count: what pytest would never notice is not an assertion.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from guardrails.gates.integrity.source import (
    Function,
    aliases_of,
    dotted_name,
    functions_of,
    literals_in,
    own_nodes,
    parse,
    unparse,
)
from guardrails.gates.integrity.suites.assertions import NOTHING, Assertion
from guardrails.gates.integrity.suites.reach import read
from guardrails.gates.integrity.suites.skips import Skip, mark_skips
from guardrails.model.frozen import frozen, replace

_KNOWN_WRAPPERS = (
    "pytest.",
    "unittest.",
    "hypothesis.",
    "mock.",
    "functools.",
    "contextlib.",
    "staticmethod",
    "given",
)


@frozen
class Case:
    """One function of a test file: a test when `is_test`, otherwise a fixture or support function."""

    path: str
    name: str
    line: int
    is_test: bool
    assertions: tuple[Assertion, ...]
    skips: tuple[Skip, ...]
    parameters: tuple[str, ...]
    values: frozenset[str]
    parameter_values: frozenset[str]
    words: Mapping[str, int]
    calls: frozenset[str]
    patches: tuple[str, ...]
    wrappers: tuple[str, ...] = ()
    is_autouse: bool = False

    @property
    def id(self) -> str:
        """The test's id as pytest prints it, parameters left out."""
        return f"{self.path}::{self.name}"

    @property
    def simple_name(self) -> str:
        """The function's own name."""
        return self.name.rsplit("::", 1)[-1]

    @property
    def live(self) -> tuple[Assertion, ...]:
        """The assertions that can fail."""
        return tuple(one for one in self.assertions if one.strength > NOTHING)


@frozen
class Suite:
    """The functions of one test file by qualified name, and what switches the whole file off."""

    path: str
    cases: Mapping[str, Case]
    skips: tuple[Skip, ...] = ()
    ignores: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()

    @property
    def tests(self) -> tuple[Case, ...]:
        """The cases that pytest would run."""
        return tuple(one for one in self.cases.values() if one.is_test)

    def uncollected(self) -> "Suite":
        """Return the same suite as a file that pytest does not look into."""
        return replace(self, cases={name: replace(one, is_test=False) for name, one in self.cases.items()})


@lru_cache(maxsize=4096)
def suite_of(path: str, text: str) -> Suite | None:
    """Return the suite of a test file, or None when its text cannot be parsed."""
    module = parse(text)
    if module is None:
        return None
    aliases = aliases_of(module)
    constants = _constants(module.body)
    cases: dict[str, Case] = {}
    for name, function, classes in functions_of(module):
        cases[name] = _case(path, name, function, classes, aliases, constants)
    reading = read(module.body, aliases, in_module=True)
    skips = (*_marked(module.body, aliases), *reading.skips)
    return Suite(path, cases, skips, tuple(_ignores(module)), frozenset(aliases.values()))


def _marked(body: list[ast.stmt], aliases: Mapping[str, str]) -> Iterator[Skip]:
    for statement in body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {one.id for one in targets if isinstance(one, ast.Name)}
        if "pytestmark" in names:
            marks = (
                statement.value.elts
                if isinstance(statement.value, ast.List | ast.Tuple)
                else [statement.value]
            )
            yield from mark_skips(marks, aliases)
        if "__test__" in names and isinstance(statement.value, ast.Constant) and not statement.value.value:
            yield Skip("__test__ = False", statement.lineno, is_conditional=False)


def _ignores(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and target.id in {"collect_ignore", "collect_ignore_glob"}:
                yield unparse(statement)


def _case(
    path: str,
    name: str,
    function: Function,
    classes: tuple[ast.ClassDef, ...],
    aliases: Mapping[str, str],
    constants: Mapping[str, ast.expr],
) -> Case:
    reading = read(function.body, aliases)
    decorators = [*function.decorator_list, *(mark for one in classes for mark in one.decorator_list)]
    skips = [*reading.skips, *mark_skips(decorators, aliases)]
    for one in classes:
        skips += _marked(one.body, aliases)
    names = [dotted_name(one, aliases) for one in function.decorator_list]
    if function.name.startswith("test") and any(isinstance(one, ast.Yield) for one in own_nodes(function)):
        skips.append(Skip("yield in a test", function.lineno, is_conditional=False))
    is_fixture = any(one.rsplit(".", 1)[-1] in {"fixture", "yield_fixture"} for one in names)
    bound = {**constants, **_constants(function.body)}
    parameters = tuple(_parameters(function, aliases))
    return Case(
        path=path,
        name=name,
        line=function.lineno,
        is_test=function.name.startswith("test") and not is_fixture and _collects(classes, aliases),
        assertions=tuple(_bound(one, bound) for one in reading.assertions),
        skips=tuple(skips),
        parameters=parameters,
        values=frozenset(_values([function])),
        parameter_values=frozenset(_values(function.decorator_list)),
        words=Counter(_words(function)),
        calls=frozenset(
            dotted_name(one.func, {}).rsplit(".", 1)[-1]
            for one in ast.walk(function)
            if isinstance(one, ast.Call)
        ),
        patches=tuple(_patches(function, aliases)),
        wrappers=tuple(one for one in names if not one.startswith(_KNOWN_WRAPPERS)),
        is_autouse=is_fixture and any("autouse=True" in unparse(one) for one in function.decorator_list),
    )


def _collects(classes: tuple[ast.ClassDef, ...], aliases: Mapping[str, str]) -> bool:
    return all(
        one.name.startswith("Test") or any(dotted_name(base, aliases) for base in one.bases)
        for one in classes
    )


def _constants(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return the value of every plain name assigned a literal directly in `body`."""
    found: dict[str, ast.expr] = {}
    for one in body:
        if not isinstance(one, ast.Assign) or not isinstance(one.targets[0], ast.Name):
            continue
        if not any(isinstance(part, ast.Name | ast.Call | ast.Lambda) for part in ast.walk(one.value)):
            found[one.targets[0].id] = one.value
    return found


def _bound(assertion: Assertion, constants: Mapping[str, ast.expr]) -> Assertion:
    """Return the assertion with the literals that the names in it stand for."""
    tree = parse(assertion.text) if constants else None
    names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} if tree else set()
    held = sorted(names & constants.keys())
    return replace(
        assertion,
        bound="; ".join(f"{name} = {unparse(constants[name])}" for name in held),
        bound_literals=tuple(one for name in held for one in literals_in(constants[name])),
    )


def _parameters(function: Function, aliases: Mapping[str, str]) -> Iterator[str]:
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        name = dotted_name(decorator.func, aliases)
        if name.endswith("mark.parametrize") and len(decorator.args) > 1:
            cases = decorator.args[1]
            elements = cases.elts if isinstance(cases, ast.List | ast.Tuple) else [cases]
            yield from (unparse(one) for one in elements)
        elif name.endswith(("expand", "ddt.data", "hypothesis.example")):
            yield from (unparse(one) for one in decorator.args)


def _calls(function: Function) -> Iterator[str]:
    for one in ast.walk(function):
        if isinstance(one, ast.Call):
            yield dotted_name(one.func, {}).rsplit(".", 1)[-1]


def _values(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from literals_in(node)


def _words(function: Function) -> Iterator[str]:
    for statement in function.body:
        for one in ast.walk(statement):
            if isinstance(one, ast.Name):
                yield one.id
            elif isinstance(one, ast.Attribute):
                yield "." + one.attr
            elif isinstance(one, ast.Constant):
                yield repr(one.value)[:40]


def _patches(function: Function, aliases: Mapping[str, str]) -> Iterator[str]:
    for one in ast.walk(function):
        if not isinstance(one, ast.Call) or not one.args:
            continue
        name = dotted_name(one.func, aliases)
        last = name.rsplit(".", 1)[-1]
        if last in {"patch", "object", "setattr"} and ("patch" in name or "monkeypatch" in name):
            target = one.args[0]
            if isinstance(target, ast.Constant) and isinstance(target.value, str):
                yield target.value
            elif len(one.args) > 1 and isinstance(one.args[1], ast.Constant):
                yield f"{dotted_name(target, aliases)}.{one.args[1].value!s}"
