"""What lies in the work tree beside a change of commits: work that somebody may believe was judged."""

from guardrails.adapters.git.difference import files_between
from guardrails.adapters.git.inputs import Opened
from guardrails.adapters.git.revisions import current
from guardrails.adapters.git.worktree import work_tree
from guardrails.model.errors import GuardrailsError


def notes_on(opened: Opened) -> tuple[str, ...]:
    """Return sentences on what two commits leave out; none where the head is not what is checked out."""
    same = () if opened.change.files else ("base and head hold the same files, so nothing was judged",)
    try:
        here = current(opened.repository)
        if here is None or here.commit != opened.change.head.commit:
            return same
        trees = (opened.repository.tree(name) for name in (here.tree, work_tree(opened.repository)))
        left_out = len(files_between(*trees))
    except GuardrailsError:  # a bare repository, say; this is a courtesy, and the change is judged without it
        return same
    if not left_out:
        return same
    files = "1 file" if left_out == 1 else f"{left_out} files"
    return (*same, f"not judged: uncommitted work in {files}; `guardrails review --worktree` judges it")
