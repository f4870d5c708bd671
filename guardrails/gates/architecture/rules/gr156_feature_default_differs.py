"""What stands in for a missing feature is part of the model: another value than in training is another model."""

import math
from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.features import number_of, reads_in, schema_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = """
features:
  schema: models/signature.json
  readers: [shop.rows.Row().get, shop.rows.value]
"""
_ROWS = (
    "class Row:\n    def get(self, name, default=None):\n        return default\n\n"
    "def value(name, default=None):\n    return default\n"
)
_MODEL = {
    "models/signature.json": (
        '{"features": [{"name": "affinity", "default": 0.5}, {"name": "age", "null": "below"}, {"name": "hour"}]}'
    ),
    "shop/__init__.py": "",
    "shop/rows.py": _ROWS,
}
NEEDS = ("features in policy",)

RULE = Rule(
    id="GR156",
    name="feature-default-differs",
    gate="architecture",
    summary="A missing feature is given another default than the model was trained with.",
    why="The model learnt what a missing value means from the default in its training data. Served with another "
    "one it ranks new listeners and new tracks, those with the most missing values, by a meaning it never learnt.",
    remedy="Take the default from the schema, or pass the missing value on (`None`, `math.nan`) where the schema "
    "says that it stays missing.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from shop.rows import Row

            def score(row: Row):
                return row.get('affinity', 0.0)
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            from shop.rows import value

            def score():
                return value('age', default=0)
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            import math
            from shop.rows import value

            def score():
                return value('affinity', math.nan)
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
    ),
    good=(
        example(
            """
            from shop.rows import Row

            def score(row: Row):
                return row.get('affinity', 0.5)
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            import math
            from shop.rows import value

            def score():
                return value('age', math.nan)
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            from shop.rows import value

            def score(given):
                return value('hour', 12) + value('affinity', given) + value('affinity')
            """,
            path="shop/score.py",
            policy=_POLICY,
            more=_MODEL,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield reads of a feature with a constant default that the schema of policy contradicts."""
    if not module.settings.features.schema:
        return
    given = [(one, number_of(one.default)) for one in reads_in(module) if one.default is not None]
    if not any(number is not None for _, number in given):
        return
    path, schema = schema_of(module)
    for one, number in given:
        wanted = schema[one.name].default if one.name in schema else None
        if (
            number is None
            or wanted is None
            or number == wanted
            or (math.isnan(number) and math.isnan(wanted))
        ):
            continue
        meant = "it stays missing" if math.isnan(wanted) else f"its default is {wanted:g}"
        says = f"a missing `{one.name}` is read as {one.default}, but in {path} {meant}"
        yield Found(one.line, one.scope, says, f"default of {one.name}: {one.text}")
