"""Values that outlive a request: which statements write to one, whose name it goes by, what holds writers back."""

import ast
import re
from collections.abc import Iterator, Mapping

from guardrails.analysis.code.marks import Here, body_of, children_of
from guardrails.gates.architecture.knowledge.shapes import Function, called, function_around
from guardrails.model.frozen import frozen

ADDING = frozenset(
    {"append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault"}
    | {"__setitem__", "__iadd__", "__ior__", "push", "subtract"}
)
REMOVING = frozenset(
    {"pop", "popitem", "popleft", "remove", "discard", "clear", "__delitem__", "difference_update"}
    | {"intersection_update"}
)
# Plain functions that write to their first argument, and those that take from it.
_WRITERS = frozenset(
    {
        "operator.setitem",
        "operator.iadd",
        "operator.ior",
        "operator.iconcat",
        "heapq.heappush",
        "bisect.insort",
    }
    | {"bisect.insort_left", "bisect.insort_right"}
)
_TAKERS = frozenset({"operator.delitem", "heapq.heappop", "heapq.heappushpop", "heapq.heapreplace"})
# What runs a function at the end of something, such as one that takes out what was put in.
_LATER = frozenset({"add_done_callback", "finalize", "callback", "call_later"})
_SETTERS = frozenset({"builtins.setattr", "builtins.object.__setattr__"})
WRITING = frozenset(
    ADDING | REMOVING | _LATER | {"setattr", "__setattr__", "methodcaller()"}
    | {one.rpartition(".")[2] for one in _WRITERS | _TAKERS}
)  # fmt: skip
_CONTAINERS = frozenset(
    {"builtins.list()", "builtins.dict()", "builtins.set()", "builtins.bytearray()"}
    | {f"collections.{one}()" for one in ("defaultdict", "OrderedDict", "Counter", "UserDict", "UserList")}
)
_OWN_TYPES = r"builtins\.(?:list|dict|set)\.\w+\Z"  # compiled when it is first used, as the next
_LOCK = r"(?i)(?:.*[._])?\w*(?:lock|mutex|semaphore|limiter)(?:\(\)|\[\])*\Z"
_MOST_HOPS = 5
_RECEIVERS = frozenset({"self", "cls"})


@frozen
class Written:
    """A write to something that was there before the function ran. `kind` is `item`, `field` or `name`, or
    `end` where something is taken out; `holder` is the scope whose variable `root` is, -1 where a
    default argument keeps it between calls."""

    kind: str
    root: str
    holder: int


def binds_a_name(node: ast.AST) -> bool:
    """Whether the node is the commonest of all, an assignment to a name, which writes to nothing older."""
    if node.__class__ is not ast.Assign:
        return False
    first, *others = node.targets
    return first.__class__ is ast.Name and all(one.__class__ is ast.Name for one in others)


def writes_of(node: ast.AST, here: Here) -> Iterator[Written]:
    """Yield what a statement or call writes to that outlives the function around it."""
    for kind, target in _targets(node, here):
        root = _outliving(target, here)
        if root is not None and (kind != "item" or _is_container(target, here)):
            yield Written(kind, *root)


def _targets(node: ast.AST, here: Here) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Call):
        yield from _of_call(node, here)
        return
    held = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [getattr(node, "target", None)]
    pending = list(held)
    for one in pending:
        if isinstance(one, (ast.Tuple, ast.List)):
            pending += one.elts
        elif isinstance(one, ast.Starred):
            pending.append(one.value)
        elif isinstance(one, ast.Subscript):
            yield ("end" if isinstance(node, ast.Delete) else "item"), one.value
        elif isinstance(one, ast.Attribute) and not isinstance(node, ast.Delete):
            yield "field", one.value


def _of_call(call: ast.Call, here: Here) -> Iterator[tuple[str, ast.expr]]:
    owner, method = called(call)
    names = here.meanings(call.func)
    for one in call.args if method in _LATER else ():
        if isinstance(one, ast.Attribute) and one.attr in REMOVING:
            yield "end", one.value
    if call.args:
        if not _WRITERS.isdisjoint(names):
            yield "item", call.args[0]
        elif not _TAKERS.isdisjoint(names):
            yield "end", call.args[0]
        elif not _SETTERS.isdisjoint(names):
            yield "field", call.args[0]
        elif any(re.match(_OWN_TYPES, one) for one in names) and owner is not None and _is_type(owner, here):
            yield ("end" if method in REMOVING else "item"), call.args[0]
        elif isinstance(call.func, ast.Call) and "operator.methodcaller()" in names:
            named = call.func.args[0] if call.func.args else None
            method = str(named.value) if isinstance(named, ast.Constant) else ""
            owner = call.args[0]
    if owner is not None and method in ADDING:
        yield "item", owner
    elif owner is not None and method in REMOVING:
        yield "end", owner


def _is_type(node: ast.expr, here: Here) -> bool:
    return any(one in {"builtins.list", "builtins.dict", "builtins.set"} for one in here.meanings(node))


def _outliving(node: ast.expr, here: Here) -> tuple[str, int] | None:
    """Return the name and the holder of what an expression is a part of; None where it is the function's own."""
    for _ in range(_MOST_HOPS):
        root = _root(node, here)
        if not isinstance(root, ast.Name):
            return (str(root.value), 0) if root is not None else None
        holder = here.holder(root.id)
        if holder is not None and holder != here.function:
            return root.id, holder
        if root.id in _RECEIVERS:
            kept = _kept_by_class(node, here)
            return (kept, -1) if kept else None
        value = _aliases(here).get(root.id) if here.may_be_alias(root.id) else None
        if value is None:
            return None
        if isinstance(value, (ast.Dict, ast.List, ast.Set)) or _is_made(value, here):
            return root.id, -1
        node = value
    return None


def _aliases(here: Here) -> Mapping[str, ast.expr]:
    function = next((one for one in here.around() if isinstance(one, Function | ast.Lambda)), None)
    return here.once(function, _aliases_in) if function is not None else {}


def _kept_by_class(node: ast.expr, here: Here) -> str:
    """Return the field of `self` or `cls` that an expression starts from, where it is a container that the
    class's body makes and no method puts another in its place: all instances share it."""
    holder = next((one for one in here.around() if isinstance(one, ast.ClassDef)), None)
    while isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.value, ast.Name):
        node = node.value
    is_kept = (
        holder is not None
        and isinstance(node, ast.Attribute)
        and node.attr in here.once(holder, _containers_of)
    )
    return node.attr if is_kept and isinstance(node, ast.Attribute) else ""


def _containers_of(holder: ast.AST) -> frozenset[str]:
    """Return the fields that a class's body binds to a container and its methods never bind."""
    made = set()
    for one in getattr(holder, "body", ()):
        value = getattr(one, "value", None)
        is_made = isinstance(value, (ast.Dict, ast.List, ast.Set)) or (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in {"dict", "list", "set"}
        )
        for target in one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]:
            if is_made and isinstance(target, ast.Name):
                made.add(target.id)
    if not made:  # as in nearly every class
        return frozenset()
    pending = [holder]
    for one in pending:
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            made.discard(one.attr)
        pending += children_of(one)
    return frozenset(made)


def _is_made(value: ast.expr, here: Here) -> bool:
    return isinstance(value, ast.Call) and any(one in _CONTAINERS for one in here.meanings(value))


def _root(node: ast.expr, here: Here) -> ast.Name | ast.Constant | None:
    """Return the name that an expression starts from; for an item of `globals()` the item's name."""
    while not isinstance(node, ast.Name):
        if isinstance(node, (ast.Subscript, ast.Attribute, ast.NamedExpr, ast.Starred, ast.Await)):
            if isinstance(node, ast.Subscript) and here.name(node.value) == "builtins.globals()":
                return node.slice if isinstance(node.slice, ast.Constant) else ast.Constant("globals()")
            node = node.value
        elif isinstance(node, ast.Call):
            if here.name(node) == "builtins.globals()":
                return ast.Constant("globals()")
            owner, method = called(node)
            if owner is None or method not in {"setdefault", "get", "__getitem__"}:
                return None
            node = owner
        else:
            return None
    return node


def _aliases_in(function: ast.AST) -> Mapping[str, ast.expr]:
    """Return what the function's variables are other names of, and its defaults that one may write to."""
    found: dict[str, ast.expr] = {}
    for one in body_of(function):
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
            if isinstance(one.value, (ast.Name, ast.Attribute, ast.Subscript, ast.NamedExpr)):
                found[one.targets[0].id] = one.value
        elif (
            isinstance(one, (ast.NamedExpr, ast.AnnAssign))
            and isinstance(one.target, ast.Name)
            and isinstance(one.value, (ast.Name, ast.Attribute, ast.Subscript))
        ):
            found[one.target.id] = one.value
    if isinstance(function, Function | ast.Lambda):
        found.update(_defaults_of(function))
    return found


def _defaults_of(function: Function | ast.Lambda) -> Iterator[tuple[str, ast.expr]]:
    held = function.args
    positional = (*held.posonlyargs, *held.args)
    given = (*zip(positional[len(positional) - len(held.defaults) :], held.defaults, strict=True),)
    for parameter, value in (*given, *zip(held.kwonlyargs, held.kw_defaults, strict=True)):
        if isinstance(value, (ast.Dict, ast.List, ast.Set, ast.Call, ast.Name, ast.Attribute)):
            yield parameter.arg, value


def _is_container(node: ast.expr, here: Here) -> bool:
    """Whether the expression, or what it is an item or a field of, is a plain container."""
    while True:
        names = here.meanings(node)
        if any(one in _CONTAINERS or one.endswith(".__dict__") for one in names):
            return True
        if "builtins.globals()" in names:
            return True
        if isinstance(node, (ast.Subscript, ast.Attribute, ast.NamedExpr)):
            node = node.value
        elif isinstance(node, ast.Call) and called(node)[0] is not None:
            node = called(node)[0] or node
        else:
            return False


def is_held_back(node: ast.AST, root: str, here: Here) -> bool:
    """Whether a lock is held around the write, a test of the container's size stands before it, or it fills
    a place of a fixed name once."""
    is_fixed = _has_fixed_key(node)
    for one in here.around_in_function():
        if is_fixed and isinstance(one, ast.If) and any(map(_asks_missing, ast.walk(one.test))):
            return True
        if isinstance(one, (ast.With, ast.AsyncWith)) and any(
            is_lock(each.context_expr, here) for each in one.items
        ):
            return True
        if isinstance(one, ast.If) and _asks_size(one.test, root):
            return True
        if isinstance(one, Function) and any(map(_takes_lock, body_of(one))):
            return True
    return False


def _has_fixed_key(node: ast.AST) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)


def _asks_missing(test: ast.AST) -> bool:
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], (ast.Is, ast.NotIn))
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def is_lock(node: ast.expr, here: Here) -> bool:
    """Whether an expression is named like a lock or made by one of the standard library's."""
    return any(re.match(_LOCK, one) for one in (*here.meanings(node), ast.unparse(node)))


def _takes_lock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "acquire"


def _asks_size(test: ast.expr, root: str) -> bool:
    return any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id == "len"
        and any(isinstance(each, ast.Name) and each.id == root for each in ast.walk(one))
        for one in ast.walk(test)
    )


def rebound_by(node: ast.Global | ast.Nonlocal, here: Here) -> Iterator[tuple[str, ast.AST]]:
    """Yield the names that the function of the statement binds anew, unless it only makes them once or
    holds a lock meanwhile, each with the first place that does."""
    function = function_around(here)
    for name in node.names:
        if function is None or _returns_made(function, name):
            continue
        for one, around in _stores(function, name, ()):
            if not any(_is_first_time(each, name) or _is_locked(each, here) for each in around):
                yield name, one
                break


def _stores(
    node: ast.AST, name: str, around: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Yield where a name is bound below a node, each with the blocks around it."""
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load):
            yield one, around
        elif isinstance(one, (ast.If, ast.With, ast.AsyncWith, ast.While)):
            yield from _stores(one, name, (*around, one))
        elif not isinstance(one, Function | ast.Lambda | ast.ClassDef):
            yield from _stores(one, name, around)


def _is_first_time(node: ast.AST, name: str) -> bool:
    """Whether a condition lets a name be bound only while it is unset: `if x is None`, `if not x`."""
    return isinstance(node, ast.If) and any(_asks_unset(one, name, ast.Is) for one in ast.walk(node.test))


def _returns_made(function: ast.AST, name: str) -> bool:
    """Whether the function starts by returning what it made before: `if x is not None: return x`."""
    return any(
        isinstance(one, ast.If)
        and isinstance(one.body[-1], ast.Return)
        and any(_asks_unset(each, name, ast.IsNot) for each in (one.test, *ast.walk(one.test)))
        for one in body_of(function)
    )


def _asks_unset(test: ast.AST, name: str, operator: type[ast.cmpop]) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return operator is ast.Is and _is_named(test.operand, name)
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], operator) and _is_named(test.left, name)
    return operator is ast.IsNot and _is_named(test, name)


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_locked(node: ast.AST, here: Here) -> bool:
    return isinstance(node, (ast.With, ast.AsyncWith)) and any(
        is_lock(one.context_expr, here) for one in node.items
    )
