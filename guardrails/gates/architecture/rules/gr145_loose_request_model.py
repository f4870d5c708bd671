"""What clients may send without a bound, somebody will send until memory ends."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Facts, Field
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.classes import Class, classes_of, is_request
from guardrails.gates.architecture.knowledge.routes import documented_routes
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_TEXTS = frozenset({"str", "builtins.str"})
_LISTS = re.compile(r"(?:typing\.)?(?:list|List|Sequence|tuple|set)\[(?!.*\.\.\.\s*$)")
_BOUNDED = re.compile(
    r"max_length|max_items|constr|conlist|Literal|pattern|StringConstraints|EmailStr|UUID|date"
)
_FILLED = re.compile(r"(?:Depends|Security)\(\)")
_BODIES = frozenset({"POST", "PUT", "PATCH"})
NEEDS = ("routes",)

RULE = Rule(
    id="GR145",
    name="loose-request-model",
    gate="architecture",
    summary="A request's model accepts unknown fields, or texts and lists of any length.",
    why="A list that may hold a million ids is parsed, checked and ranked before anybody says no. Unknown fields "
    "that are accepted hide a client's typing error, and become a contract when one is used later.",
    remedy="Bound it: `ids: list[str] = Field(max_length=500)`, and refuse what is unknown: "
    "`model_config = ConfigDict(extra='forbid')`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import FastAPI
            from pydantic import BaseModel

            class Query(BaseModel):
                text: str

            app = FastAPI()

            @app.post('/cards')
            async def cards(query: Query) -> int:
                return len(query.text)
            """,
        ),
        example(
            """
            from fastapi import APIRouter
            from shop.models import Query

            router = APIRouter()

            @router.post('/cards')
            async def cards(query: Query) -> int:
                return len(query.ids)
            """,
            path="shop/routes.py",
            more={
                "shop/models.py": "import pydantic\n\nclass Query(pydantic.BaseModel):\n    ids: list[int]\n"
            },
        ),
        example(
            """
            from fastapi import APIRouter
            from pydantic import BaseModel, ConfigDict

            class Query(BaseModel):
                model_config = ConfigDict(extra='allow')
                count: int

            router = APIRouter()

            @router.put('/cards')
            def cards(query: Query) -> int:
                return query.count
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI
            from pydantic import BaseModel, ConfigDict, Field

            class Query(BaseModel):
                model_config = ConfigDict(extra='forbid')
                text: str = Field(max_length=200)
                ids: list[int] = Field(default=(), max_length=500)
                count: int

            app = FastAPI()

            @app.post('/cards')
            async def cards(query: Query) -> int:
                return query.count
            """,
        ),
        example(
            """
            from typing import Annotated
            from fastapi import FastAPI
            from pydantic import BaseModel, Field

            class Query(BaseModel):
                text: Annotated[str, Field(max_length=200)]

            app = FastAPI()

            @app.post('/cards')
            async def cards(query: Query) -> int:
                return len(query.text)
            """,
        ),
        example(
            """
            from pydantic import BaseModel

            class Answer(BaseModel):
                text: str
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every model of a route's body that bounds not all that it takes."""
    told = set()
    for route in documented_routes(module):
        scope = module.facts.scopes[route.scope]
        for parameter in scope.parameters if route.method in _BODIES else ():
            given = parameter.annotation and not _FILLED.search(parameter.default)
            for one in classes_of(module, parameter.annotation) if given else ():
                fault = (
                    ""
                    if one in told or not is_request(module, one)
                    else _fault(module.graph.facts(one.module), one)
                )
                told.add(one)
                if fault:
                    message = f"{one.name}, which {scope.name} takes, {fault}"
                    yield Found(scope.line, route.scope, message, f"{one.name} {fault}")


def _fault(facts: Facts, one: Class) -> str:
    """Return what the class's own body leaves open; what it inherits is the base's fault."""
    for call in facts.calls:
        if call.scope == one.scope and call.keyword("extra") == "'allow'":
            return "accepts fields that nobody declared"
    open_fields = [
        field.name for field in facts.fields if field.scope == one.scope and _is_open(facts, field)
    ]
    return f"bounds not how long {', '.join(open_fields)} may be" if open_fields else ""


def _is_open(facts: Facts, field: Field) -> bool:
    text = field.annotation.removeprefix("Optional[").removesuffix("]").removesuffix(" | None")
    is_long = text in _TEXTS or _LISTS.match(field.annotation.removesuffix(" | None")) is not None
    if not is_long or _BOUNDED.search(field.annotation):
        return False
    bounds = (
        call
        for call in facts.calls
        if call.scope == field.scope and call.line == field.line and call.name.endswith("Field")
    )
    return not any(_bounds(key) for call in bounds for key, _ in call.keywords)


def _bounds(key: str) -> bool:
    return key in {"max_length", "max_items", "pattern", "regex", "**"}
