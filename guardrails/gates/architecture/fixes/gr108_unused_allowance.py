"""A comment that excuses nothing goes; the code beside it stays."""

import libcst as cst
from libcst.metadata import MetadataWrapper

from guardrails.gates.architecture.fixes.at_lines import AtLines, rewritten
from guardrails.gates.architecture.fixing import Fix

_START = "guardrails:"


class _Clearing(AtLines):
    def leave_TrailingWhitespace(  # noqa: N802 - libcst's name, as below
        self, original_node: cst.TrailingWhitespace, updated_node: cst.TrailingWhitespace
    ) -> cst.TrailingWhitespace:
        if self._speaks(original_node.comment):
            return updated_node.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        return updated_node

    def leave_EmptyLine(  # noqa: N802
        self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine
    ) -> "cst.EmptyLine | cst.RemovalSentinel":
        return cst.RemoveFromParent() if self._speaks(original_node.comment) else updated_node

    def _speaks(self, comment: cst.Comment | None) -> bool:
        return comment is not None and comment.value.lstrip("# ").startswith(_START) and self.is_at(comment)


def _rewrite(wrapper: MetadataWrapper, lines: frozenset[int]) -> cst.Module:
    return rewritten(wrapper, _Clearing(lines))


FIX = Fix("GR108", safe=True, says="remove the comment, which excuses nothing", rewrite=_rewrite)
