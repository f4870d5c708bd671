"""A repository as git itself finds it, with a scratch repository beside it for what we compute."""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from guardrails.adapters.git.objects import ObjectReader
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
# What `git init` and `git clone` make is found without asking git, which costs a hook 2 CPU ms: a `.git` folder of
# our own, of the first format, with no include, extension or other work tree in its configuration.
_LINE = re.compile(
    rb'[ \t]*(?:[#;].*|\[[A-Za-z0-9.-]+(?:[ \t]+"[^"\\]*")?\][ \t]*|[A-Za-z][A-Za-z0-9-]*[ \t]*(?:=[^"\\#;]*)?)?\r?\Z'
)
_FORMAT = re.compile(rb"(?im)^[ \t]*repositoryformatversion[ \t]*=[ \t]*0[ \t]*\r?$")
_NOT_BARE = re.compile(rb"(?im)^[ \t]*bare[ \t]*=[ \t]*false[ \t]*\r?$")
_TELLING = (b"include", b"extensions", b"worktree", b"objectformat", b"refstorage")
_HEAD = re.compile(rb"ref: refs/|[0-9a-f]{40}\n?\Z")
_MOST_BYTES = 1 << 16


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


def plain_place(path: str, caller: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the git directory and the top folder of the plain repository that holds `path`; None for any other.

    `caller` is the environment: what a running hook says of its repository must be the same.
    """
    with suppress(OSError, ValueError):
        folder = os.path.realpath(path)
        top = _top(folder)
        if top is not None and _is_plain(f"{top}/.git", top) and _agrees(caller, folder, top):
            return f"{top}/.git", top
    return None


def _top(folder: str) -> str | None:
    """Return the nearest folder with a `.git`; None where git would look otherwise than we do."""
    device = os.stat(folder).st_dev  # noqa: PTH116 - a hook's path is a text, as git's is
    while True:
        if "\n" in folder or _holds_repository(folder) or os.stat(folder).st_dev != device:  # noqa: PTH116
            return None
        if os.path.lexists(f"{folder}/.git"):
            return folder
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return None
        folder = above


def _holds_repository(folder: str) -> bool:
    return all(os.path.lexists(f"{folder}/{name}") for name in ("HEAD", "objects", "refs"))


def _is_plain(git_dir: str, top: str) -> bool:
    ours = os.geteuid()
    states = [os.lstat(one) for one in (git_dir, f"{git_dir}/objects", f"{git_dir}/refs", top)]
    if not all(stat.S_ISDIR(one.st_mode) and one.st_uid == ours for one in states):
        return False
    if any(os.path.lexists(f"{git_dir}/{name}") for name in ("commondir", "gitdir", "config.worktree")):
        return False
    return bool(_HEAD.match(start_of(f"{git_dir}/HEAD"))) and is_plain_configuration(
        start_of(f"{git_dir}/config")
    )


def is_plain_configuration(content: bytes) -> bool:
    """Whether a repository's configuration is its whole one, and so simple that its lines can be read one by one."""
    lowered = content.lower()
    return (
        len(content) < _MOST_BYTES
        and not any(one in lowered for one in _TELLING)
        and all(_LINE.match(line) for line in content.split(b"\n"))
        and len(_FORMAT.findall(content)) == lowered.count(b"repositoryformatversion") == 1
        and len(_NOT_BARE.findall(content)) == lowered.count(b"bare")
    )


def _agrees(caller: Mapping[str, str], folder: str, top: str) -> bool:
    """Whether a running hook, if there is one, means this repository and stands at its top."""
    if "GIT_INDEX_FILE" not in caller:
        return True  # then nothing of it is passed on to git either
    named = ((caller.get("GIT_DIR"), f"{top}/.git"), (caller.get("GIT_WORK_TREE"), top))
    return folder == top and all(not said or os.path.realpath(said) == place for said, place in named)


def start_of(path: str) -> bytes:
    """Return the first bytes of a file, enough for one that a person writes; raises OSError, also for a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
