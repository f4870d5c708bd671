"""Finds the OpenAPI document that a user names: a file, a file of a commit, or what code derives.

Nothing is ever fetched. Code runs in a box, with the environment that the policy of the same
commit names. References between files stay inside the tree that the document lies in.
"""

import re
from pathlib import Path

from guardrails.adapters.git.repository import Repository
from guardrails.adapters.git.revisions import resolve
from guardrails.adapters.git.tree import GitTree
from guardrails.analysis.openapi.documents import Document, read_document
from guardrails.model.errors import UsageError
from guardrails.wiring import derived_document

_CODE = re.compile(r"[A-Za-z0-9_][\w.-]*(:[A-Za-z_][\w.]*)?")


def document_named(name: str, *, allow_unsandboxed: bool = False) -> Document:
    """Return the document; raises UsageError, DocumentError, and CannotJudge where code gives none.

    `name` is a file, `ref:path`, `ref:service`, `ref:module:app`, or a service or `module:app` of
    the work tree.
    """
    if "://" in name:
        raise UsageError(
            f"{name!a} is an address, and nothing is fetched; save the document and name the file"
        )
    path = Path(name)
    if path.is_file():
        return _of_file(path, name)
    reference, colon, inside = name.partition(":")
    if not colon and (path.suffix or (path.exists() and not path.is_dir())):
        raise UsageError(f"{name!a} is no file; name a document, or ref:path for one that git holds")
    with Repository(Path()) as repository:
        try:
            tree = repository.tree(resolve(repository, reference).tree) if colon else None
        except UsageError:
            tree = None
        if tree is not None and tree.read(inside) is not None:
            return _of_tree(tree, inside)
    revision, app = (reference, inside) if tree is not None else ("", name)
    if not _CODE.fullmatch(app):
        raise UsageError(
            f"{name!a} is no file, no file of a commit, and names no code; `git ls-tree -r REF` lists files"
        )
    content = derived_document(Path(), revision, app, allow_unsandboxed=allow_unsandboxed)
    return read_document(content, name)


def _of_file(path: Path, name: str) -> Document:
    folder, here = path.resolve().parent, Path().resolve()
    root = here if folder.is_relative_to(here) else folder

    def files(inside: str) -> bytes | None:
        target = (root / inside).resolve()
        try:
            return target.read_bytes() if target.is_relative_to(root) else None
        except (OSError, ValueError):
            return None

    try:
        return read_document(path.read_bytes(), path.resolve().relative_to(root).as_posix(), files)
    except OSError as error:
        raise UsageError(f"{name!a} cannot be read: {error.strerror}; name a readable file") from error


def _of_tree(tree: GitTree, path: str) -> Document:
    return read_document(tree.read(path) or b"", path, tree.read)
