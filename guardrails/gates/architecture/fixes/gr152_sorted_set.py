"""A loop over a set is given an order of its own."""

import libcst as cst
from libcst.metadata import MetadataWrapper

from guardrails.gates.architecture.fixes.at_lines import AtLines, rewritten
from guardrails.gates.architecture.fixing import Fix


class _Ordering(AtLines):
    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:  # noqa: N802 - libcst's name, as below
        if not self.is_at(original_node) or _is_ordered(original_node.iter):
            return updated_node
        return updated_node.with_changes(iter=_sorted(updated_node.iter))

    def leave_ListComp(self, original_node: cst.ListComp, updated_node: cst.ListComp) -> cst.ListComp:  # noqa: N802
        first = updated_node.for_in
        if not self.is_at(original_node) or _is_ordered(original_node.for_in.iter):
            return updated_node
        return updated_node.with_changes(for_in=first.with_changes(iter=_sorted(first.iter)))


def _is_ordered(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "sorted"


def _sorted(node: cst.BaseExpression) -> cst.Call:
    return cst.Call(cst.Name("sorted"), [cst.Arg(node)])


def _rewrite(wrapper: MetadataWrapper, lines: frozenset[int]) -> cst.Module:
    return rewritten(wrapper, _Ordering(lines))


FIX = Fix("GR152", safe=False, says="sort the set; its items must have an order", rewrite=_rewrite)
