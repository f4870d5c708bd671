"""Real git repositories for tests: built by git itself, the same bytes on every machine."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Author",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Author",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
FIRST_SECOND = 1_767_225_600


def isolated_environment(second: int = FIRST_SECOND) -> dict[str, str]:
    """Return an environment in which git sees no configuration, identity or repository of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    date = f"{second} +0000"
    return {
        **kept,
        **IDENTITY,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        # Git would tidy large repositories in a background process that outlives the test.
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "gc.auto",
        "GIT_CONFIG_VALUE_0": "0",
        "GIT_CONFIG_KEY_1": "maintenance.auto",
        "GIT_CONFIG_VALUE_1": "false",
        "LC_ALL": "C",
    }


class RepositoryBuilder:
    """A git repository at `path`, made on construction with branch `main`; each commit a second later.

    `init` holds more arguments for `git init`, such as `--object-format=sha256`; with `None` an
    existing repository (a clone, a linked worktree) is taken as it is.
    """

    def __init__(self, path: Path, *, init: tuple[str, ...] | None = ()) -> None:
        self.path = path
        self._second = FIRST_SECOND
        if init is not None:
            path.mkdir(parents=True, exist_ok=True)
            self.git("init", "-q", "-b", "main", *init)

    def run(
        self,
        *arguments: str | bytes,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run git here in an isolated environment and return how it ended, whatever its exit code."""
        environment = {**isolated_environment(self._second), **(variables or {})}
        return subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, input=stdin, capture_output=True, check=False
        )

    def git(
        self, *arguments: str | bytes, stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> str:
        """Run git here and return its standard output, stripped; raises AssertionError when it fails."""
        done = self.run(*arguments, stdin=stdin, variables=variables)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: str | bytes) -> "RepositoryBuilder":
        """Write a file of the work tree, byte for byte, with its folders."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def write_all(self, files: Mapping[str, str | bytes]) -> "RepositoryBuilder":
        """Write several files by path."""
        for path, content in files.items():
            self.write(path, content)
        return self

    def delete(self, path: str) -> "RepositoryBuilder":
        """Delete a file of the work tree, and the folders that it leaves empty, as git does."""
        place = self.path / path
        place.unlink()
        while place.parent != self.path and not any(place.parent.iterdir()):
            place = place.parent
            place.rmdir()
        return self

    def chmod(self, path: str, mode: int = 0o755) -> "RepositoryBuilder":
        """Set the mode bits of a file of the work tree."""
        (self.path / path).chmod(mode)
        return self

    def symlink(self, path: str, target: str) -> "RepositoryBuilder":
        """Make a symbolic link in the work tree, in place of what is there."""
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)
        return self

    def stage(self, *paths: str) -> "RepositoryBuilder":
        """Add the paths to the index, or everything when none is given."""
        self.git("add", "-A", "-f", "--", *(paths or (".",)))
        return self

    def commit(self, message: str = "Change", *, everything: bool = True) -> str:
        """Commit everything (or only what is staged), even when nothing changed, and return the commit id."""
        if everything:
            self.stage()
        self._second += 1
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.head

    @property
    def head(self) -> str:
        """The commit id of HEAD."""
        return self.git("rev-parse", "HEAD")

    def tree(self, ref: str = "HEAD") -> str:
        """Return the tree id of a ref."""
        return self.git("rev-parse", "--verify", "--end-of-options", f"{ref}^{{tree}}")

    def branch(self, name: str, start: str = "HEAD") -> "RepositoryBuilder":
        """Make a branch at `start` and check it out."""
        self.git("checkout", "-q", "-b", name, start)
        return self

    def checkout(self, ref: str) -> "RepositoryBuilder":
        """Check out a branch or a commit."""
        self.git("checkout", "-q", ref)
        return self

    def merge(self, *refs: str, message: str = "Merge") -> str:
        """Merge the refs into HEAD with a merge commit and return its id."""
        self._second += 1
        self.git("merge", "-q", "--no-ff", "--no-verify", "-m", message, *refs)
        return self.head

    def diff(self, *arguments: str) -> bytes:
        """Return the exact bytes of `git diff` with the arguments."""
        done = self.run("diff", "--no-ext-diff", "--binary", "--full-index", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout
