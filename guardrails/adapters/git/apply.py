"""A patch applied to base's tree, in a scratch index: no work tree and no index of the user's is touched."""

from guardrails.adapters.git.difference import files_between
from guardrails.adapters.git.index import written_tree
from guardrails.adapters.git.patch import FilePatch, PatchError, read_patch
from guardrails.adapters.git.process import said
from guardrails.adapters.git.repository import Repository
from guardrails.model.change import Revision
from guardrails.model.errors import CannotJudge, UsageError


def patched_tree(repository: Repository, base: Revision, data: bytes) -> str:
    """Return the id of base's tree with the patch applied.

    Raises PatchError for a damaged patch, UsageError for one that does not apply or changes
    nothing, CannotJudge when git changed a file that the patch does not name.
    """
    files = read_patch(data)
    git = repository.plain
    git.output("read-tree", base.tree)
    done = git.run("apply", "--cached", f"-p{_strip(files)}", "--whitespace=nowarn", "-", stdin=data)
    if done.exit_code != 0:
        raise UsageError(
            f"the patch does not apply to {base.name!r}: {said(done.stderr)}; make it from that commit"
        )
    tree = written_tree(repository)
    _refuse_surprises(repository, base.tree, tree, files)
    return tree


def _strip(files: tuple[FilePatch, ...]) -> int:
    first = files[0]
    for file in files:
        if file.strip != first.strip:
            raise PatchError(
                file.line, "some names have an `a/` and `b/` prefix and some do not; use one form"
            )
    return first.strip


def _refuse_surprises(repository: Repository, base: str, head: str, files: tuple[FilePatch, ...]) -> None:
    """Raise when what git did is not what the patch, read on its own, says."""
    changed = {file.path for file in files_between(repository.tree(base), repository.tree(head))}
    named = {path for file in files for path in (file.old_path, file.new_path) if path is not None}
    if not changed:
        raise UsageError("the patch changes nothing, so there is nothing to judge")
    if not changed <= named:
        odd = ascii(min(changed - named))
        raise CannotJudge(
            f"git applied the patch to {odd}, which it does not name; send it as `git diff` prints it"
        )
