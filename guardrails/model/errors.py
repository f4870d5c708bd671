"""The one tree of errors, and the exit code that each branch ends in.

    GuardrailsError
    ├── UsageError                exit 2   the command line or the repository cannot be read as asked
    │   └── PolicyError           exit 2   a file under policies/ says something we do not accept
    └── CannotJudge               exit 3   the harness could not judge, so the outcome is `undecided`
        ├── ToolMissing                    git, ruff, mypy or an interpreter is not there
        ├── BoundExceeded                  a gate ran out of time or memory
        ├── BoxError                       no box of the required level, or the box broke
        ├── EnvironmentFailure             the project's environment could not be built
        └── ServiceFailure                 the service did not start, answer or stop as promised

A message says what, where, and what to do. Anything else that escapes is our own fault and
becomes exit 3 in the outermost handler.
"""


class GuardrailsError(Exception):
    """Base of every error that Guardrails raises on purpose."""


class UsageError(GuardrailsError):
    """The command line, or the repository it names, cannot be read as asked."""


class PolicyError(UsageError):
    """A policy file is not accepted; the text reads `path:line: what; what to do`."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        self.path = path
        self.line = line
        self.message = message
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}")

    def __reduce__(self) -> tuple[type["PolicyError"], tuple[str, int | None, str]]:
        return (PolicyError, (self.path, self.line, self.message))


class CannotJudge(GuardrailsError):
    """The harness could not judge; the outcome is `undecided`, never `pass`."""


class ToolMissing(CannotJudge):
    """A program that a gate needs is not installed or does not run."""


class BoundExceeded(CannotJudge):
    """A gate used more time or memory than its bound allows."""


class BoxError(CannotJudge):
    """No box of the required level can be had, or the box itself failed."""


class EnvironmentFailure(CannotJudge):
    """The interpreter or packages that the project's code needs could not be provided."""


class ServiceFailure(CannotJudge):
    """The service under judgement did not start, answer or stop as its policy promises."""
