"""Of two routes that match one request the first answers, and the other is dead code with a document."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import Function, called, keyword
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.frozen import replace
from guardrails.model.rule import Rule

NODES = ("FunctionDef", "AsyncFunctionDef")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
DECORATED = _METHODS
_ROUTERS = (
    "fastapi.FastAPI().",
    "fastapi.APIRouter().",
    "fastapi.applications.FastAPI().",
    "fastapi.routing.APIRouter().",
)
NEEDS = ("marks",)

RULE = Rule(
    id="GR146",
    name="shadowed-route",
    gate="architecture",
    summary="A route is never reached because an earlier one matches its path, or two share one operation id.",
    why="Routes are tried in the order in which they stand: after `/cards/{id}` no request gets to `/cards/latest`, "
    "it answers 422 or the wrong card. Two routes with one operation id overwrite each other in generated clients.",
    remedy="Write the fixed path before the one with a parameter, remove the second route, or name it anew.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/cards/{id}')
            def card(id: int) -> int:
                return id

            @router.get('/cards/latest')
            def latest() -> int:
                return 1
            """,
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.post('/cards')
            async def store() -> int:
                return 1

            @app.post('/cards')
            async def store_again() -> int:
                return 2
            """,
        ),
        example(
            """
            import fastapi

            api = fastapi.APIRouter()

            @api.get('/cards', operation_id='cards')
            async def cards() -> int:
                return 1

            @api.get('/kinds', operation_id='cards')
            async def kinds() -> int:
                return 2
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/cards/latest')
            def latest() -> int:
                return 1

            @router.get('/cards/{id}')
            def card(id: int) -> int:
                return id

            @router.delete('/cards/latest', status_code=204)
            def remove() -> None:
                return None
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            cards = APIRouter(prefix='/cards')
            kinds = APIRouter(prefix='/kinds')

            @cards.get('/')
            def first() -> int:
                return 1

            @kinds.get('/')
            def second() -> int:
                return 2
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()
            FAST = 1

            if FAST > 2:
                @router.get('/cards')
                def cards() -> int:
                    return 1
            else:
                @router.get('/cards')
                def cards() -> int:
                    return 2
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark every route with its router, method, path, operation id and the branches that it stands in."""
    if not isinstance(node, Function):
        return
    for one in node.decorator_list:
        if not isinstance(one, ast.Call) or not any(
            name.startswith(_ROUTERS) for name in here.meanings(one.func)
        ):
            continue
        owner, method = called(one)
        path = next(iter(one.args), None) or keyword(one, "path")
        if owner is not None and method in _METHODS and isinstance(path, ast.Constant):
            named = keyword(one, "operation_id")
            operation = str(named.value) if isinstance(named, ast.Constant) else ""
            text = str(path.value)
            names = (ast.unparse(owner), method, text, operation, " ".join(_branches(node, here)))
            yield here.mark(node, node.name, f"{method} {text}", names=names)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every route that an earlier one of its router answers for, or whose operation id is taken."""
    before: list[Found] = []
    for one in module.marks(RULE.id):
        for other in before:
            message = _conflict(one, other)
            if message:
                yield replace(one, message=message)
                break
        before.append(one)


def _conflict(one: Found, other: Found) -> str:
    owner, method, path, operation, branches = one.names
    if other.scope != one.scope or not _may_both_stand(branches, other.names[4]):
        return ""
    if (owner, method) == other.names[:2] and _matches(other.names[2], path):
        return (
            f"{method.upper()} {path} of {one.message} is answered by {other.message}, which is tried first"
        )
    taken = bool(operation) and operation == other.names[3]
    return f"{one.message} and {other.message} share the operation id {operation!a}" if taken else ""


def _matches(earlier: str, later: str) -> bool:
    """Whether every request for `later` is one for `earlier` too."""
    first, second = earlier.rstrip("/").split("/"), later.rstrip("/").split("/")
    for position, part in enumerate(first):
        if part.endswith(":path}"):
            return position == len(first) - 1
        if position >= len(second) or not _covers(part, second[position]):
            return False
    return len(first) == len(second) and earlier.endswith("/") == later.endswith("/")


def _covers(part: str, other: str) -> bool:
    is_any = part.startswith("{") and part.endswith("}") and ":" not in part and part.count("{") == 1
    return part == other or (is_any and bool(other))


def _branches(node: ast.AST, here: Here) -> Iterator[str]:
    """Yield the arms of conditions around a node as `line:arm`."""
    line = getattr(node, "lineno", 0)
    for one in here.around():
        if isinstance(one, (ast.If, ast.Try)):
            inside = one.body[0].lineno <= line <= (one.body[-1].end_lineno or line)
            yield f"{one.lineno}:{'body' if inside else 'else'}"


def _may_both_stand(branches: str, others: str) -> bool:
    held = dict(one.split(":") for one in others.split())
    return all(held.get(line, arm) == arm for line, arm in (one.split(":") for one in branches.split()))
