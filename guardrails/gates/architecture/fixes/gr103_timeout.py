"""A call that may wait for ever gets a bound of ten seconds, to be set to what the deadline allows."""

import libcst as cst
from libcst.metadata import MetadataWrapper

from guardrails.gates.architecture.fixes.at_lines import AtLines, rewritten
from guardrails.gates.architecture.fixing import Fix

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "urlopen"})
_SECONDS = "10"


class _Bounding(AtLines):
    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 - libcst's name
        function = original_node.func
        name = function.attr.value if isinstance(function, cst.Attribute) else ""
        given = [one.keyword.value for one in original_node.args if one.keyword is not None]
        if name not in _VERBS or "timeout" in given or not self.is_at(original_node):
            return updated_node
        bound = cst.Arg(
            cst.Integer(_SECONDS),
            keyword=cst.Name("timeout"),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        return updated_node.with_changes(args=_with(updated_node.args, bound))


def _with(arguments: "tuple[cst.Arg, ...] | object", added: cst.Arg) -> list[cst.Arg]:
    """Return the arguments and one more, laid out as they are: on a line of its own where they are."""
    held = list(arguments) if isinstance(arguments, list | tuple) else []
    if not held:
        return [added]
    last = held[-1]
    if isinstance(last.comma, cst.Comma):
        between = held[-2].comma if len(held) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return [*held[:-1], last.with_changes(comma=between), added.with_changes(comma=last.comma)]
    after = last.whitespace_after_arg
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [
        *held[:-1],
        last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace("")),
        added.with_changes(whitespace_after_arg=after),
    ]


def _rewrite(wrapper: MetadataWrapper, lines: frozenset[int]) -> cst.Module:
    return rewritten(wrapper, _Bounding(lines))


FIX = Fix(
    "GR103", safe=False, says=f"pass timeout={_SECONDS}; set it to what the deadline allows", rewrite=_rewrite
)
