"""A column that must be filled at once breaks the release that runs while the migration does."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import Function, keyword
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Call",)
CALLED = frozenset({"add_column"})
_FILLING = frozenset({"Identity", "Computed", "Sequence", "FetchedValue", "DefaultClause"})
_ADDING = ("alembic.op.add_column", "alembic.op.batch_alter_table().add_column")

RULE = Rule(
    id="GR176",
    name="required-column-without-default",
    gate="architecture",
    summary="A migration adds a column that must not be null and has no default in the database.",
    why="Rows that are there have no value for it, so the migration fails on a table that is not empty; and the "
    "release that still runs inserts rows without it, so its writes fail until the last process is replaced.",
    remedy="Add it with `server_default=...`, or as `nullable=True`, fill it, and make it required in a later release.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import sqlalchemy as sa
            from alembic import op

            def upgrade():
                op.add_column('cards', sa.Column('market', sa.String(), nullable=False))
            """,
            path="migrations/versions/one.py",
        ),
        example(
            """
            from alembic import op
            from sqlalchemy import Column, Integer

            def upgrade():
                with op.batch_alter_table('cards') as batch:
                    batch.add_column(Column('rank', Integer(), nullable=False, default=0))
            """,
            path="migrations/versions/two.py",
        ),
        example(
            """
            import alembic.op
            import sqlalchemy

            def upgrade():
                column = sqlalchemy.Column('kind', sqlalchemy.Text(), nullable=False)
                alembic.op.add_column('cards', column)
            """,
            path="migrations/versions/three.py",
        ),
    ),
    good=(
        example(
            """
            import sqlalchemy as sa
            from alembic import op

            def upgrade():
                op.add_column('cards', sa.Column('market', sa.String(), nullable=False, server_default='se'))
            """,
            path="migrations/versions/one.py",
        ),
        example(
            """
            import sqlalchemy as sa
            from alembic import op

            def upgrade():
                op.add_column('cards', sa.Column('market', sa.String(), nullable=True))

            def downgrade():
                op.drop_column('cards', 'market')
            """,
            path="migrations/versions/one.py",
        ),
        example(
            """
            import sqlalchemy as sa
            from alembic import op

            def upgrade():
                op.drop_column('cards', 'market')

            def downgrade():
                op.add_column('cards', sa.Column('market', sa.String(), nullable=False))
            """,
            path="migrations/versions/one.py",
        ),
        example(
            """
            import sqlalchemy as sa
            from alembic import op

            def upgrade():
                op.create_table('cards', sa.Column('market', sa.String(), nullable=False))
                op.add_column('cards', sa.Column('place', sa.Integer(), nullable=False))
            """,
            path="migrations/versions/one.py",
        ),
    ),
)


def marks_in(node: ast.AST, here: "Here") -> "Iterator[Mark]":
    """Mark every added column that is required and has no default of the database's own, on the way up."""
    if not isinstance(node, ast.Call) or not any(one in _ADDING for one in here.meanings(node.func)):
        return
    functions = [one for one in here.around() if isinstance(one, Function)]
    if any(one.name.startswith("downgrade") for one in functions):
        return
    around = functions[0] if functions else None
    for given in (*node.args, *(one.value for one in node.keywords)):
        column = _column_in(given, around, here)
        if column is not None and _is_required(column, here) and not _is_new_table(node, around, here):
            name = ast.unparse(column.args[0]) if column.args else "a column"
            yield here.mark(node, f"{name} is added as required without a default in the database")


def _column_in(given: ast.expr, function: Function | None, here: "Here") -> ast.Call | None:
    """Return the call that makes a column, also where it stands in a variable of the function."""
    if isinstance(given, ast.NamedExpr):
        return _column_in(given.value, function, here)
    if isinstance(given, ast.Call):
        return given if _last(given, here) == "Column" else None
    if isinstance(given, ast.Name) and function is not None:
        for one in ast.walk(function):
            if isinstance(one, ast.Assign) and any(
                isinstance(each, ast.Name) and each.id == given.id for each in one.targets
            ):
                return _column_in(one.value, None, here)
    return None


def _last(call: ast.Call, here: "Here") -> str:
    return here.name(call.func).rpartition(".")[2].lstrip("?")


def _is_required(column: ast.Call, here: "Here") -> bool:
    nullable = keyword(column, "nullable")
    is_required = isinstance(nullable, ast.Constant) and nullable.value is False
    server = any(one.arg in {"server_default", None} for one in column.keywords)
    fills = any(isinstance(one, ast.Call) and _last(one, here) in _FILLING for one in column.args)
    return is_required and not server and not fills


def _is_new_table(node: ast.Call, function: Function | None, here: "Here") -> bool:
    """Whether the same function creates the table, so that no row is in it yet."""
    table = node.args[0] if node.args else None
    if not isinstance(table, ast.Constant) or function is None:
        return False
    return any(
        isinstance(one, ast.Call)
        and _last(one, here) == "create_table"
        and bool(one.args)
        and isinstance(one.args[0], ast.Constant)
        and one.args[0].value == table.value
        for one in ast.walk(function)
    )
