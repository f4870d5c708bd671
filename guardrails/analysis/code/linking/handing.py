"""Functions that are given to functions which call them: which parameters a body calls, and what stands for them."""

from collections.abc import Iterator, Sequence

from guardrails.analysis.code.facts import Call, Facts

_CALLABLE = ("typing.Callable", "collections.abc.Callable")


def called_parameters(facts: Facts, scope: int, calls: Sequence[Call]) -> frozenset[str]:
    """Return the parameters of a function that are called by `calls`, those of its own body."""
    names = {call.name for call in calls}
    return frozenset(
        one.name
        for one in facts.scopes[scope].parameters
        if f"?{one.name}" in names or (one.annotation in _CALLABLE and f"{one.annotation}()" in names)
    )


def given_for(call: Call, facts: Facts, scope: int, called: frozenset[str]) -> Iterator[str]:
    """Yield the texts of the arguments that stand for the parameters `called` of the function at `scope`."""
    parameters = facts.scopes[scope].parameters
    is_method = facts.scopes[facts.scopes[scope].parent].kind == "class" and not any(
        one.name == "builtins.staticmethod" for one in facts.scopes[scope].decorators
    )
    for one, text in zip(parameters[is_method:], call.arguments, strict=False):
        if text == "*":
            break
        if one.name in called:
            yield text
    yield from (text for name, text in call.keywords if name in called)
