"""How git is run: an argument list, an environment of our own, and a bound on its time.

The caller's GIT_* variables and the repository's configuration could make git read another
repository, run a program or hide a difference, so nothing of them reaches git unasked.
"""

import os
import re
import signal
import subprocess
from collections.abc import Mapping

from guardrails.model.errors import CannotJudge, ToolMissing
from guardrails.model.frozen import frozen
from guardrails.model.ports import Completed

OLDEST_GIT = (2, 38)
_SECONDS = 300
_KEPT_VARIABLES = ("PATH", "HOME", "XDG_CONFIG_HOME", "SUDO_UID", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
_FIXED_VARIABLES = {
    "LC_ALL": "C",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone would fetch missing objects with programs that its configuration names.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_NO_CONFIGURATION = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_OVERRIDES = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    # A commit-graph file is not covered by any object id, so it could forge who descends from whom.
    "core.commitGraph=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.ignoreStat=false",
    "core.autocrlf=false",
)
_OPTIONS = tuple(part for override in _OVERRIDES for part in ("-c", override))


def clean_environment(caller: Mapping[str, str], *, user_configuration: bool = False) -> dict[str, str]:
    """Return the variables that git may see; the user's own configuration only when asked for."""
    kept = {name: caller[name] for name in _KEPT_VARIABLES if name in caller}
    return {**kept, **_FIXED_VARIABLES, **({} if user_configuration else _NO_CONFIGURATION)}


@frozen
class Git:
    """A way to run git: in one folder, with one whole environment and more `-c` settings."""

    directory: str
    environment: Mapping[str, str]
    settings: tuple[str, ...] = ()

    def with_variables(self, **variables: str) -> "Git":
        """Return the same with more environment variables."""
        return Git(self.directory, {**self.environment, **variables}, self.settings)

    def argv(self, *arguments: str) -> list[str]:
        """Return the argument list of a git command."""
        settings = [part for setting in self.settings for part in ("-c", setting)]
        return ["git", "-C", self.directory, *_OPTIONS, *settings, *arguments]

    def run(self, *arguments: str, stdin: bytes = b"") -> Completed:
        """Run git to its end, whatever its exit code; raises ToolMissing, or CannotJudge without an end of its own."""
        try:
            done = subprocess.run(
                self.argv(*arguments),
                env=self.environment,
                input=stdin,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotJudge(
                f"git {arguments[0]} did not end in {_SECONDS} seconds; run it by hand"
            ) from error
        except OSError as error:
            raise missing_git(error) from error
        if done.returncode < 0:
            # A signal is no answer; callers read meaning into the exit codes that git chose.
            name = signal.Signals(-done.returncode).name
            raise CannotJudge(
                f"git {arguments[0]} was killed by {name}; judge again, with more memory if it repeats"
            )
        return Completed(done.returncode, done.stdout, done.stderr)

    def output(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run git and return its standard output; raises CannotJudge with its own words when it fails."""
        done = self.run(*arguments, stdin=stdin)
        if done.exit_code != 0:
            raise CannotJudge(f"git {arguments[0]} failed: {said(done.stderr)}")
        return done.stdout

    def start(self, *arguments: str, errors: int) -> "subprocess.Popen[bytes]":
        """Start a git process to talk to; standard error goes to the descriptor `errors`."""
        try:
            return subprocess.Popen(
                self.argv(*arguments),
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except OSError as error:
            raise missing_git(error) from error

    def require_version(self) -> None:
        """Raise ToolMissing when git is older than we need."""
        printed = self.run("version").stdout.decode("ascii", "replace").strip()
        found = re.search(r"(\d+)\.(\d+)", printed)
        if found and (int(found[1]), int(found[2])) < OLDEST_GIT:
            needed = ".".join(map(str, OLDEST_GIT))
            raise ToolMissing(f"{printed} is too old; install git {needed} or newer")


def missing_git(error: OSError) -> CannotJudge:
    """Return the error for a git that cannot be started: none is there, or the machine is out of something."""
    if isinstance(error, FileNotFoundError | PermissionError):
        return ToolMissing(f"git cannot be started ({error.strerror}); install git 2.38 or newer on PATH")
    return CannotJudge(f"git cannot be started ({error.strerror}); free processes or memory, then retry")


def said(stderr: bytes) -> str:
    """Return git's complaints on one line that is safe to print, hints and warnings left out."""
    lines = stderr.decode("utf-8", "backslashreplace").splitlines()
    told = [
        re.sub(r"^(fatal|error): ", "", line) for line in lines if line.startswith(("fatal: ", "error: "))
    ]
    text = "; ".join(dict.fromkeys(told or lines)) or "it gave no reason"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
