"""A check that is switched off for the whole process is off for everybody's code, and says nothing."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_DECORATORS = frozenset(
    {"typing.no_type_check", "typing.no_type_check_decorator", "typing_extensions.no_type_check"}
)
_ALWAYS = frozenset(
    {"logging.disable", "urllib3.disable_warnings", "requests.packages.urllib3.disable_warnings"}
)
_FILTERS = frozenset({"warnings.simplefilter", "warnings.filterwarnings"})
_NUMPY = frozenset({"numpy.seterr"})
WORDS = ("no_type_check", "logging.disable", "disable_warnings", "warnings.", "numpy.seterr")

RULE = Rule(
    id="GR166",
    name="checks-switched-off",
    gate="architecture",
    summary="Code switches types, warnings, floating-point errors or logging off for more than itself.",
    why="`no_type_check`, `simplefilter('ignore')` and `seterr(all='ignore')` need no comment that anybody would see, "
    "and they hold for all code of the process: the next deprecation, overflow or failed certificate is silent.",
    remedy="Mend what is reported; where a library is at fault, name the one warning and module in "
    "`warnings.filterwarnings('ignore', category=..., module=...)`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import warnings

            warnings.simplefilter('ignore')
            """,
        ),
        example(
            """
            from typing import no_type_check

            @no_type_check
            def rank(cards):
                return cards[0]
            """,
        ),
        example(
            """
            import numpy as np

            np.seterr(all='ignore')
            """,
        ),
        example(
            """
            import urllib3

            def prepare():
                urllib3.disable_warnings()
            """,
        ),
    ),
    good=(
        example(
            """
            import warnings

            warnings.filterwarnings('ignore', category=DeprecationWarning, module='vendor')
            """,
        ),
        example(
            """
            import warnings

            def quiet(read):
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    return read()
            """,
        ),
        example(
            """
            import numpy as np

            def divided(one, other):
                with np.errstate(divide='ignore'):
                    return one / other
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call and decorator that silences a check beyond the place where it stands."""
    contained = {call.scope for call in module.facts.calls if call.name == "warnings.catch_warnings"}
    for call in module.facts.calls:
        if _silences(call) and not (call.name in _FILTERS and call.scope in contained):
            yield Found(
                call.line, call.scope, f"{call.name} silences a check for more than this code", call.text
            )
    for index, scope in enumerate(module.facts.scopes):
        for one in scope.decorators:
            if one.name in _DECORATORS:
                yield Found(one.line, index, f"{one.name} takes this code out of type checking", one.name)


def _silences(call: Call) -> bool:
    if call.name in _ALWAYS:
        return call.name != "logging.disable" or call.arguments[:1] not in {("logging.NOTSET",), ("0",)}
    if call.name in _NUMPY:
        return call.keyword("all") == "'ignore'"
    ignores = "'ignore'" in (*call.arguments[:1], call.keyword("action"))
    named = len(call.arguments) > 1 or any(key != "action" for key, _ in call.keywords)
    return call.name in _FILTERS and ignores and not named
