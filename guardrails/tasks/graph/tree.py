"""Opens the tree that is to be drawn: the work tree as git sees it, or a commit's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.git.inputs import Commits, WorkTree, open_change
from guardrails.adapters.policy.reader import read_policy
from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.wiring import catalog


@contextmanager
def opened_graph(repository: Path, ref: str | None) -> Iterator[tuple[Graph, Settings]]:
    """Yield the graph of a tree, and the architecture settings of that tree's own policy.

    Raises UsageError for a repository or ref that cannot be read.
    """
    store = FileCache(user_folder(os.environ))
    source = Commits(ref, ref) if ref else WorkTree()
    with open_change(repository, source) as opened:
        tree = opened.head
        # A picture judges nothing, so the tree that is drawn may say how.
        policy = read_policy(tree, catalog().gates, store, source="the policy of the tree that is drawn")
        settings = policy.settings_for(NAME, Settings)
        yield Graph(Code(tree, store, settings.roots)), settings
