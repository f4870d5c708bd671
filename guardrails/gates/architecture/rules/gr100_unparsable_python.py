"""A file that cannot be read cannot be judged, so it is undecided and never passes."""

from collections.abc import Iterator

from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Example, Rule

NEEDS = ("broken",)

RULE = Rule(
    id="GR100",
    name="unparsable-python",
    gate="architecture",
    summary="A changed Python file could not be parsed.",
    why="No rule can judge code that it cannot read: a syntax error, an unknown encoding, a null byte, "
    "or nesting and size beyond every bound hides whatever the file does.",
    remedy="Fix the syntax or the encoding; a template belongs under `ignore` in policies/architecture.yaml.",
    effect=Effect.UNDECIDED,
    bad=(
        Example({"app.py": "def rank(cards:\n    return cards\n"}),
        Example({"app.py": "# coding: no-such-encoding\nx = 1\n"}),
        Example({"app.py": "x = 1\0\n"}),
    ),
    good=(
        Example({"app.py": "def rank(cards):\n    return cards\n"}),
        Example({"app.py": "type Score[T] = dict[str, T]\n"}),
        Example({"app.py": "# coding: latin-1\nx = 'e'\n"}),
    ),
    final=True,
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the one fault of a file without facts."""
    if module.facts.unparsable:
        yield Found(0, 0, f"the file cannot be parsed: {ascii(module.facts.unparsable)[1:-1]}", "unparsable")
