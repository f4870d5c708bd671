"""A table's row is how we store, not what we promise: clients must not see the one through the other."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.classes import classes_of, is_stored
from guardrails.gates.architecture.knowledge.shapes import METHODS, Function, keyword, route_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("FunctionDef", "AsyncFunctionDef")
DECORATED = METHODS
NEEDS = ("marks",)

RULE = Rule(
    id="GR142",
    name="stored-model-returned",
    gate="architecture",
    summary="A route's answer is declared as a class of the database.",
    why="A column that we add for ourselves, a password hash say, is sent to every client the same day, and "
    "a renamed column is a broken contract. Lazy relations also run queries while the answer is written.",
    remedy="Declare a pydantic model of what clients may see and build it from the row: "
    "`response_model=CardOut`, `CardOut.model_validate(row)`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import APIRouter
            from sqlalchemy.orm import DeclarativeBase

            class Base(DeclarativeBase):
                pass

            class Card(Base):
                __tablename__ = 'cards'

            router = APIRouter()

            @router.get('/card')
            async def card() -> Card:
                return Card()
            """,
        ),
        example(
            """
            from fastapi import APIRouter
            from shop.tables import Card

            router = APIRouter()

            @router.get('/cards', response_model=list[Card])
            async def cards(limit: int):
                return load(min(limit, 10))
            """,
            path="shop/routes.py",
            more={"shop/tables.py": "import peewee\n\nclass Card(peewee.Model):\n    pass\n"},
        ),
        example(
            """
            from fastapi import FastAPI
            from sqlmodel import Field, SQLModel

            class Card(SQLModel, table=True):
                id: int = Field(primary_key=True)

            app = FastAPI()

            @app.get('/card')
            async def card() -> Card | None:
                return None
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import APIRouter
            from pydantic import BaseModel
            from sqlalchemy.orm import DeclarativeBase

            class Base(DeclarativeBase):
                pass

            class Card(Base):
                __tablename__ = 'cards'

            class CardOut(BaseModel):
                id: int

            router = APIRouter()

            @router.get('/card')
            async def card() -> CardOut:
                return CardOut.model_validate(Card())
            """,
        ),
        example(
            """
            import peewee

            class Card(peewee.Model):
                pass

            def load() -> Card:
                return Card()
            """,
        ),
        example(
            """
            from fastapi import FastAPI
            from sqlmodel import SQLModel

            class CardOut(SQLModel):
                id: int

            app = FastAPI()

            @app.get('/card')
            async def card() -> CardOut:
                return CardOut(id=1)
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark every route whose answer names classes, and name them."""
    route = route_of(node, here)
    if route is None or not isinstance(node, Function):
        return
    answer = keyword(route, "response_model") or node.returns
    if answer is None:
        return
    names = [
        one
        for each in ast.walk(answer)
        if isinstance(each, (ast.Name, ast.Attribute))
        for one in here.meanings(each)
    ]
    own = [one for one in names if not one.startswith(("builtins.", "typing.", "?"))]
    if own:
        message = f"{node.name} answers {ast.unparse(answer)}, which the database stores"
        yield here.mark(node, message, f"{node.name} answers {ast.unparse(answer)}", names=tuple(own))


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the routes of which a class is one that a database stores."""
    for one in module.marks(RULE.id):
        if any(is_stored(module, each) for name in one.names for each in classes_of(module, name)):
            yield one
