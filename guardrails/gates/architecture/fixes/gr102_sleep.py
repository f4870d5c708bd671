"""`time.sleep` in an async function becomes an awaited `asyncio.sleep`."""

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper

from guardrails.gates.architecture.fixes.at_lines import AtLines, rewritten
from guardrails.gates.architecture.fixing import Fix


class _Sleeping(AtLines):
    def __init__(self, lines: frozenset[int]) -> None:
        super().__init__(lines)
        self._async: list[bool] = []
        self.changed = False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - libcst's name, as all below
        self._async.append(node.asynchronous is not None)

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        del original_node
        self._async.pop()
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        name = cst.Module([]).code_for_node(original_node.func)
        if name != "time.sleep" or not (self._async and self._async[-1]) or not self.is_at(original_node):
            return updated_node
        self.changed = True
        sleep = cst.Attribute(cst.Name("asyncio"), cst.Name("sleep"))
        return cst.Await(updated_node.with_changes(func=sleep))


def _rewrite(wrapper: MetadataWrapper, lines: frozenset[int]) -> cst.Module:
    sleeping = _Sleeping(lines)
    module = rewritten(wrapper, sleeping)
    if not sleeping.changed:
        return module
    context = CodemodContext()
    AddImportsVisitor.add_needed_import(context, "asyncio")
    return AddImportsVisitor(context).transform_module(module)


FIX = Fix(
    "GR102", safe=False, says="await asyncio.sleep instead; other tasks now run meanwhile", rewrite=_rewrite
)
