"""A transformer that knows where its nodes stand."""

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider


class AtLines(cst.CSTTransformer):
    """Rewrites only what begins at one of the given lines."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, lines: frozenset[int]) -> None:
        super().__init__()
        self._lines = lines

    def is_at(self, node: cst.CSTNode) -> bool:
        """Whether the node, one of the tree as it was, begins at a line that is to be mended."""
        return self.line_of(node) in self._lines

    def line_of(self, node: cst.CSTNode) -> int:
        """Return the node's first line in the tree as it was."""
        return int(self.get_metadata(PositionProvider, node).start.line)


def rewritten(wrapper: MetadataWrapper, transformer: cst.CSTTransformer) -> cst.Module:
    """Return the module as the transformer makes it."""
    return wrapper.visit(transformer)
