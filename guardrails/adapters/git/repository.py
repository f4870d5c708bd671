"""A repository as git itself finds it, with a scratch repository beside it for what we compute."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from guardrails.adapters.git.objects import ObjectReader
from guardrails.adapters.git.place import plain_place
from guardrails.adapters.git.process import Git, clean_environment, said
from guardrails.adapters.git.scratch import Scratch, uninterrupted
from guardrails.adapters.git.tree import GitTree, TreeObjects
from guardrails.adapters.scratch import room_in
from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen

_QUESTIONS = (
    "--show-object-format",
    "--is-bare-repository",
    "--git-dir",
    "--git-common-dir",
    "--show-toplevel",
)
_BARE_ANSWERS = len(_QUESTIONS) - 1


@frozen
class Layout:
    """Where the parts of a repository are; `top` is None without a work tree."""

    algorithm: str
    git_dir: Path
    common_dir: Path
    top: Path | None


class Repository:
    """An opened repository; `close` (or leaving the `with`) removes all that was made for it."""

    def __init__(self, path: Path, caller: Mapping[str, str] | None = None) -> None:
        """Open the repository that holds `path`; raises UsageError when there is none that git accepts.

        `caller` is the environment we were started in: a running pre-commit hook names its
        repository and index there.
        """
        self.caller = os.environ if caller is None else caller
        self.layout = _layout(path, self.caller)
        self.scratch = Scratch(self.caller, self.layout.common_dir / "objects", self.layout.algorithm)
        variables = {"GIT_DIR": str(self.layout.git_dir), **self.scratch.object_variables}
        self.own = Git(str(self.scratch.path), {**clean_environment(self.caller), **variables})
        self.objects = ObjectReader(self.own, self.layout.algorithm, self.scratch.path / "complaints")
        self._folders = TreeObjects(self.objects)
        self._trees: dict[str, GitTree] = {}

    @property
    def path(self) -> Path:
        """The top folder of the work tree, or the git directory of a bare repository."""
        return self.layout.top or self.layout.git_dir

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off when the repository was fetched."""
        return (self.layout.common_dir / "shallow").is_file()

    @property
    def plain(self) -> Git:
        """Git in the scratch repository: sees every object, and nothing else of this repository."""
        shallow, copy = self.layout.common_dir / "shallow", self.scratch.git_dir / "shallow"
        if shallow.is_file() and not copy.exists():
            with room_in(self.scratch.path):
                copy.write_bytes(shallow.read_bytes())
        return self.scratch.git

    def work_tree(self) -> Path:
        """Return the top folder of the work tree; raises UsageError for a bare repository."""
        if self.layout.top is None:
            raise UsageError(f"{str(self.path)!r} has no work tree; judge commits with --base and --head")
        return self.layout.top

    def tree(self, name: str) -> GitTree:
        """Return the tree with the given object id, the same one each time: listing it is what costs."""
        return self._trees.setdefault(name, GitTree(name, self._folders))

    def close(self) -> None:
        """End git and remove the scratch folder; safe to call twice."""
        with uninterrupted():
            self.objects.close()
            self.scratch.close()

    def __enter__(self) -> "Repository":
        """Return the repository."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _layout(path: Path, caller: Mapping[str, str]) -> Layout:
    if not path.is_dir():
        raise UsageError(f"{str(path)!r} is not a folder; give --repo the top folder of a git repository")
    found = plain_place(str(path), caller)
    if found is not None:
        return Layout("sha1", Path(found[0]), Path(found[0]), Path(found[1]))
    git = Git(str(path), {**clean_environment(caller, user_configuration=True), **_hook(path, caller)})
    done = git.run("rev-parse", "--path-format=absolute", *_QUESTIONS)
    answers = os.fsdecode(done.stdout).split("\n")[:-1]
    if done.exit_code != 0 and len(answers) != _BARE_ANSWERS:
        git.require_version()
        raise _refusal(path, done.stderr)
    if len(answers) not in {len(_QUESTIONS), _BARE_ANSWERS}:
        raise UsageError(
            f"the path of the repository at {str(path)!r} has a line break in it; rename the folder"
        )
    top = Path(answers[_BARE_ANSWERS]) if len(answers) == len(_QUESTIONS) else None
    return Layout(answers[0], Path(answers[2]), Path(answers[3]), top)


def _hook(path: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """Return where a running hook of the repository at our own folder says that it is."""
    is_ours = "GIT_INDEX_FILE" in caller and path.resolve() == Path.cwd()
    names = ("GIT_DIR", "GIT_WORK_TREE") if is_ours else ()
    return {name: str(Path(caller[name]).absolute()) for name in names if caller.get(name)}


def _refusal(path: Path, stderr: bytes) -> UsageError:
    text = said(stderr)
    if "not a git repository" in text:
        return UsageError(f"{str(path)!r} is in no git repository; run inside one, or name one with --repo")
    if "dubious ownership" in text:
        return UsageError(
            f"git does not trust {str(path)!r}, which belongs to another user; if you do, run"
            f" `git config --global --add safe.directory {path.resolve()}`"
        )
    return UsageError(f"git cannot open {str(path)!r}: {text}")
