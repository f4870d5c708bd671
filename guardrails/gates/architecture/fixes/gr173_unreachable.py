"""Statements that no run reaches go."""

from collections.abc import Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper

from guardrails.gates.architecture.fixes.at_lines import AtLines, rewritten
from guardrails.gates.architecture.fixing import Fix


class _Clearing(AtLines):
    def leave_IndentedBlock(  # noqa: N802 - libcst's name, as below
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        kept = self._reached(original_node.body)
        return updated_node if kept is None else updated_node.with_changes(body=updated_node.body[:kept])

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:  # noqa: N802
        kept = self._reached(original_node.body)
        return updated_node if kept is None else updated_node.with_changes(body=updated_node.body[:kept])

    def _reached(self, body: Sequence[cst.CSTNode]) -> int | None:
        """Return how many statements stand before the first that was found; None when none of them was."""
        # The first of a block can be reached by whoever reaches the block.
        return next((index for index, one in enumerate(body) if index and self.is_at(one)), None)


def _rewrite(wrapper: MetadataWrapper, lines: frozenset[int]) -> cst.Module:
    return rewritten(wrapper, _Clearing(lines))


FIX = Fix("GR173", safe=True, says="remove what no run reaches", rewrite=_rewrite)
