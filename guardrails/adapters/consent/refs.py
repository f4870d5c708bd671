"""Approvals kept in the repository itself, each a blob under a ref of its own, outside of every tree.

A ref is named by its content, so two approvers never collide, `git fetch` and `git push` carry
them, and a change cannot bring one along. Whoever may write refs may delete them; nobody who does
so can forge one, for each is signed.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import accumulate

from guardrails.adapters.git.process import Git, clean_environment, said
from guardrails.adapters.git.repository import Repository
from guardrails.model.errors import CannotJudge, UsageError

NAMESPACE = "refs/guardrails/approvals"
_MAX_REFS = 2_000
_MAX_BYTES = 64 << 10
_MAX_TOTAL_BYTES = 16 << 20
_WRITERS = "%an%n%ae%n%cn%n%ce%n%(trailers:key=Co-authored-by,valueonly)"


def stored(repository: Repository) -> Iterator[tuple[str, bytes | None]]:
    """Yield the name and content of each stored approval; None for what is missing, too large or no blob."""
    words = ("for-each-ref", f"--count={_MAX_REFS}", "--format=%(objectname) %(refname)", f"{NAMESPACE}/")
    listed = repository.own.run(*words)
    if listed.exit_code != 0:
        raise CannotJudge(f"git for-each-ref failed: {said(listed.stderr)}")
    rows = [line.split(" ", 1) for line in listed.stdout.decode("utf-8", "backslashreplace").splitlines()]
    infos = repository.objects.resolve([blob for blob, _ in rows])
    small = {one.id: one.size for one in infos if one and one.kind == "blob" and one.size <= _MAX_BYTES}
    ends = accumulate(small.values())
    blobs = [blob for blob, end in zip(small, ends, strict=True) if end <= _MAX_TOTAL_BYTES]
    contents = dict(zip(blobs, repository.objects.read(blobs, "blob"), strict=True))
    for blob, name in rows:
        yield name, contents.get(blob)


def store(repository: Repository, content: bytes) -> str:
    """Write an approval into the repository and return the name of its ref; raises UsageError where git refuses."""
    name = f"{NAMESPACE}/{hashlib.sha256(content).hexdigest()[:20]}"
    place = str(repository.layout.git_dir)
    git = Git(place, {**clean_environment(repository.caller), "GIT_DIR": place})
    blob = _output(git, "hash-object", "-w", "--stdin", stdin=content)
    _output(git, "update-ref", name, blob)
    return name


def root_of(repository: Repository, commit: str) -> str:
    """Return the first commit that leads to `commit` by first parents; empty where history was cut off."""
    if repository.is_shallow:
        return ""
    done = repository.plain.run("rev-list", "--first-parent", "--max-parents=0", "--end-of-options", commit)
    roots = done.stdout.decode("ascii", "replace").split()
    return roots[-1] if done.exit_code == 0 and roots else ""


def authors_of(repository: Repository, base: str, head: str) -> tuple[str, ...]:
    """Return the names and addresses that the commits of `head` which `base` lacks say wrote or committed them.

    They are the change's own word: whoever forges them hides an author, and `--author` can name him.
    """
    words = (
        "log",
        "--no-mailmap",
        "--no-show-signature",
        f"--format={_WRITERS}",
    )
    done = repository.plain.run(*words, "--end-of-options", head, f"^{base}")
    if done.exit_code != 0:
        raise CannotJudge(f"git log failed: {said(done.stderr)}; run `git fsck`, or clone afresh")
    said_by = done.stdout.decode("utf-8", "replace").splitlines()
    lines = {part.strip() for line in said_by for part in re.split(r"[<>]", line)}
    return tuple(sorted(line for line in lines if line))


def _output(git: Git, *words: str, stdin: bytes = b"") -> str:
    done = git.run(*words, stdin=stdin)
    if done.exit_code != 0:
        raise UsageError(
            f"git {words[0]} refused: {said(done.stderr)}; give --output FILE to write a file instead"
        )
    return done.stdout.decode("ascii", "replace").strip()
