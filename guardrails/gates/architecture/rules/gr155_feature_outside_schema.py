"""A model answers without complaint when a feature's name is wrong: its column is somebody else's, or empty."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.features import Named, constants_in, reads_in, schema_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = """
features:
  schema: models/{bundle}/signature.json
  lock: models/active.lock
  produced: [shop.features.NAMES]
  named: [shop.weights.WEIGHTS]
  readers: [shop.rows.Row().of, 'shop.rows.load()[]']
"""
_MODEL = {
    "models/active.lock": '{"bundle": "b2"}',
    "models/b2/signature.json": '{"features": [{"name": "affinity"}, {"name": "popularity"}]}',
    "shop/__init__.py": "",
}
_ROWS = "class Row:\n    def of(self, name):\n        return 0.0\n\ndef load():\n    return {}\n"
NEEDS = ("features in policy",)

RULE = Rule(
    id="GR155",
    name="feature-outside-schema",
    gate="architecture",
    summary="Code names a feature that the model's schema lacks, or computes fewer than the schema asks for.",
    why="Training and serving agree on features by name alone. A name that only one side knows is a column of "
    "defaults: nothing fails, and the ranking is quietly another one.",
    remedy="Name the feature as the schema of the model in use does, or publish a model whose schema has it, and "
    "compute every feature that the schema names.",
    effect=Effect.REVIEW,
    bad=(
        example(
            "NAMES = ('affinity', 'popularty')\n",
            path="shop/features.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            "NAMES = ['affinity']\n",
            path="shop/features.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            WEIGHTS = {
                'cards': {'affinity': 1.0, 'freshness': 0.5},
                'tracks': {'popularity': 2.0},
            }
            """,
            path="shop/weights.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            from shop.rows import Row

            def score(row: Row):
                return row.of('afinity')
            """,
            path="shop/score.py",
            policy=_POLICY,
            more={**_MODEL, "shop/rows.py": _ROWS},
        ),
        example(
            """
            from shop.rows import load

            def score():
                row = load()
                return row['age']
            """,
            path="shop/score.py",
            policy=_POLICY,
            more={**_MODEL, "shop/rows.py": _ROWS},
        ),
    ),
    good=(
        example(
            """
            BASE = ('affinity',)
            NAMES = (*BASE, 'popularity')
            """,
            path="shop/features.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            WEIGHTS = {'cards': {'affinity': 1.0}, 'tracks': {'popularity': 2.0}}
            """,
            path="shop/weights.py",
            policy=_POLICY,
            more=_MODEL,
        ),
        example(
            """
            from shop.rows import Row, load

            def score(row: Row, name):
                return row.of('affinity') + row.of(name) + load()['popularity']
            """,
            path="shop/score.py",
            policy=_POLICY,
            more={**_MODEL, "shop/rows.py": _ROWS},
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the names of features that the schema of policy lacks, and what nobody computes."""
    features = module.settings.features
    if not features.schema:
        return
    produced = dict(constants_in(module, features.produced))
    listed = (*produced.items(), *constants_in(module, features.named))
    said = [(f"`{constant}` names", one) for constant, names in listed for one in names]
    said += [("the code reads", one) for one in reads_in(module)]
    if not said:
        return
    path, schema = schema_of(module)
    for how, one in said:
        if one.name not in schema:
            yield _fault(one, f"{how} the feature `{one.name}`, which {path} lacks")
    if produced and len(produced) == len(features.produced):
        yield from _missing(path, set(schema), produced)


def _missing(path: str, schema: set[str], produced: dict[str, tuple[Named, ...]]) -> Iterator[Found]:
    first, names = next(iter(produced.items()))
    for name in sorted(schema - {one.name for each in produced.values() for one in each}):
        says = f"{path} names the feature `{name}`, which {', '.join(produced)} does not list"
        yield Found(names[0].line, 0, says, f"{first} without {name}")


def _fault(one: Named, says: str) -> Found:
    return Found(one.line, one.scope, says, f"feature {one.name} {one.text}".strip())
