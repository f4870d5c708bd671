"""Who sees which variant is decided by one salted function, or the experiment measures something else."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called, function_around, last_name
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("BinOp", "Compare", "Call")
_HASHES = (
    "builtins.hash",
    "zlib.crc32",
    "zlib.adler32",
    "binascii.crc32",
    "hashlib.",
    "mmh3.",
    "xxhash.",
    "murmurhash.",
    "farmhash.",
)
_DRAWS = ("random.", "numpy.random.", "secrets.")
_CHOOSING = frozenset({"choice", "choices", "randint", "randrange", "randbelow"})
_ABOUT = (  # compiled when it is first used
    r"(?i)(?:^|[_.])(?:variants?|treatments?|cohorts?|experiments?|ab_?tests?|rollouts?|holdouts?|(?:is_)?in_(?:test|rollout|treatment)|"
    r"(?:experiment|variant|ab|traffic)_?(?:bucket|group|arm|split)s?)(?:$|[_.])"
)
_WHO = (
    r"(?i)(?:user|listener|customer|account|visitor|member|device|client|session|player)_?(?:id|key|uuid)?\Z"
)
_SHARES = frozenset({2, 3, 4, 5, 10, 20, 50, 100, 1000, 10_000})
CALLED = _CHOOSING

RULE = Rule(
    id="GR160",
    name="home-made-assignment",
    gate="architecture",
    summary="An experiment's variant is drawn or hashed by hand.",
    why="`hash(id) % 100` without a salt puts the same listeners into the treatment of every experiment, Python's "
    "`hash` differs from process to process, and a random draw changes with every request. The effect that is then "
    "measured is not the variant's.",
    remedy="Ask the experiments' own salted assignment (a keyed murmur3 of experiment and unit), once per request.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def variant(user_id):
                return 'new' if hash(user_id) % 100 < 10 else 'old'
            """,
        ),
        example(
            """
            import random

            def rank(cards):
                in_treatment = random.random() < 0.5
                return cards[::-1] if in_treatment else cards
            """,
        ),
        example(
            """
            import hashlib

            def assign_experiment(user_id):
                digest = int(hashlib.md5(user_id.encode()).hexdigest(), 16)
                return digest % 2
            """,
        ),
        example(
            """
            def order(cards, user_id):
                return cards[::-1] if hash(user_id) % 2 else cards
            """,
        ),
        example(
            """
            import random

            def pick(experiment):
                variant = random.choice(['old', 'new'])
                return variant
            """,
        ),
    ),
    good=(
        example(
            """
            from shop.experiments import assigned

            def variant(user_id):
                return assigned('lyrics-first', user_id)
            """,
        ),
        example(
            """
            def shard(key, shards):
                return hash(key) % len(shards)
            """,
        ),
        example(
            """
            import random

            def backoff(attempt, rng: random.Random):
                return rng.random() < 0.5, attempt % 2
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a hash taken modulo, a draw compared, or a choice, where names speak of an experiment."""
    way = _way(node, here)
    if way and (any(re.search(_ABOUT, name) for name in _names(node, here)) or _shares_people(node)):
        yield here.mark(node, f"a variant is decided by {way}")


def _shares_people(node: ast.AST) -> bool:
    """Whether people are split into a fixed number of shares, of which the code then chooses."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.right, ast.Constant)
        and node.right.value in _SHARES
        and any(re.match(_WHO, last_name(one)) for one in ast.walk(node.left))
    )


def _way(node: ast.AST, here: Here) -> str:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _holds(node.left, here, _HASHES):
        return "a hash taken modulo"
    if (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    ):
        return "a random draw" if _holds(node.left, here, _DRAWS) else ""
    if isinstance(node, ast.Call) and called(node)[1] in _CHOOSING:
        return "a random draw" if here.name(node.func).startswith(_DRAWS) else ""
    return ""


def _holds(node: ast.AST, here: Here, families: tuple[str, ...]) -> bool:
    """Whether a call of one of the families, or a name bound to one, makes up the expression."""
    for one in ast.walk(node):
        if isinstance(one, (ast.Call, ast.Name, ast.Attribute)) and any(
            each.startswith(families) for each in here.meanings(one)
        ):
            return True
    return isinstance(node, ast.Name) and _bound_by(node.id, here, families)


def _bound_by(name: str, here: Here, families: tuple[str, ...]) -> bool:
    function = function_around(here)
    held = here.once(function, _values_by_name).get(name, ()) if function is not None else ()
    return any(_holds(one, here, families) for one in held)


def _values_by_name(function: ast.AST) -> Mapping[str, Sequence[ast.expr]]:
    """Return the values that a function assigns to each name, other than names."""
    found: dict[str, list[ast.expr]] = {}
    for one in ast.walk(function):
        if isinstance(one, ast.Assign) and not isinstance(one.value, ast.Name):
            for each in one.targets:
                if isinstance(each, ast.Name):
                    found.setdefault(each.id, []).append(one.value)
    return found


def _names(node: ast.AST, here: Here) -> Iterator[str]:
    """Yield the names that tell what the value is for: the functions around, and what it is assigned to."""
    function = function_around(here)
    if function is None:
        return
    yield function.name
    for one in ast.walk(function):
        if (
            isinstance(one, (ast.Assign, ast.AnnAssign))
            and one.value is not None
            and _is_within(node, one.value)
        ):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            yield from (each.id for each in targets if isinstance(each, ast.Name))


def _is_within(node: ast.AST, holder: ast.AST) -> bool:
    return any(one is node for one in ast.walk(holder))
