"""Tries a rule on its own examples: the bad ones must be found, the good ones must not."""

from collections.abc import Callable, Iterator, Mapping

from guardrails.model.rule import Rule

Look = Callable[[Mapping[str, bytes]], list[str]]


def failures_of(rule: Rule, look: Look) -> Iterator[str]:
    """Yield what is wrong with the rule's examples; `look` returns what the rule says of some files."""
    if not rule.bad or not rule.good:
        missing = "bad" if not rule.bad else "good"
        yield f"{rule.id} has no {missing} example; add one, for a rule without examples is not tested"
    for number, one in enumerate(rule.bad, 1):
        if not look(_bytes(one.files)):
            yield f"{rule.id} finds nothing in bad example {number}"
    for number, one in enumerate(rule.good, 1):
        for said in look(_bytes(one.files)):
            yield f"{rule.id} finds something in good example {number}: {said}"


def _bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}
