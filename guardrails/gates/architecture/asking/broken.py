"""The rule of rules: one that breaks has judged nothing, and says so."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

BROKEN_RULE = Rule(
    id="GR199",
    name="broken-rule",
    gate="architecture",
    summary="A rule broke on a file, so that file is not judged by it.",
    why="A rule that ends in an error has seen nothing. Taking that for a clean file would let code through "
    "that nobody judged.",
    remedy="Report the message as a fault of Guardrails; until it is mended, `exempt` the file from the rule.",
    effect=Effect.UNDECIDED,
    final=True,
)
