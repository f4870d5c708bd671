"""Which class a name means anywhere in the tree, and what it is derived from."""

from collections.abc import Iterator

from guardrails.gates.architecture.module import Module
from guardrails.model.frozen import frozen

_DEEPEST = 12
STORED = frozenset(
    {
        "sqlalchemy.orm.DeclarativeBase",
        "sqlalchemy.orm.DeclarativeBaseNoMeta",
        "sqlalchemy.orm.declarative_base()",
        "sqlalchemy.ext.declarative.declarative_base()",
        "flask_sqlalchemy.SQLAlchemy().Model",
        "django.db.models.Model",
        "tortoise.models.Model",
        "tortoise.Model",
        "peewee.Model",
        "mongoengine.Document",
        "beanie.Document",
        "odmantic.Model",
    }
)
REQUEST = frozenset({"pydantic.BaseModel", "pydantic.main.BaseModel", "sqlmodel.SQLModel"})


@frozen
class Class:
    """A class of the tree: its module's name, its qualified name, and its scope there."""

    module: str
    name: str
    scope: int


def classes_of(module: Module, name: str) -> Iterator[Class]:
    """Yield the classes of the tree that a resolved name of the module's facts may mean."""
    for meaning in module.graph.meanings(module.name, name):
        holder, colon, qualified = meaning.partition(":")
        if colon:
            scopes = enumerate(module.graph.facts(holder).scopes)
            yield from (
                Class(holder, qualified, index)
                for index, one in scopes
                if one.kind == "class" and one.name == qualified
            )


def ancestry_of(module: Module, one: Class) -> Iterator[Class | str]:
    """Yield the class, every class of the tree that it is derived from, and the names of foreign ones."""
    pending: list[Class | str] = [one]
    for _ in range(_DEEPEST):
        found: list[Class | str] = []
        for each in pending:
            yield each
            found += _bases(module, each) if isinstance(each, Class) else []
        pending = found


def _bases(module: Module, one: Class) -> Iterator[Class | str]:
    facts = module.graph.facts(one.module)
    for base in facts.scopes[one.scope].bases:
        for meaning in module.graph.meanings(one.module, base):
            holder, colon, qualified = meaning.partition(":")
            if not colon:
                yield meaning
            for index, scope in enumerate(module.graph.facts(holder).scopes) if colon else ():
                if scope.kind == "class" and scope.name == qualified:
                    yield Class(holder, qualified, index)


def is_stored(module: Module, one: Class) -> bool:
    """Whether rows of a database are instances of the class."""
    return any(
        each in STORED if isinstance(each, str) else _is_table(module, each)
        for each in ancestry_of(module, one)
    )


def _is_table(module: Module, one: Class) -> bool:
    """Whether an SQLModel class is a table: it names it, or has a primary key."""
    return any(
        call.scope == one.scope and call.name == "sqlmodel.Field" and call.keyword("primary_key") == "True"
        for call in module.graph.facts(one.module).calls
    )


def is_request(module: Module, one: Class) -> bool:
    """Whether pydantic reads the class from what a client sends."""
    return any(each in REQUEST for each in ancestry_of(module, one) if isinstance(each, str))
