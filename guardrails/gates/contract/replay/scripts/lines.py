"""Lines and scripts: requests in the order in which they are asked, and who asks them."""

from collections.abc import Sequence

from guardrails.analysis.openapi.operations import Operation
from guardrails.model.frozen import frozen, replace
from guardrails.model.ports import Step

# What clients call themselves; curl says its own name where nothing stands.
_CLIENTS = (
    "",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "okhttp/5.1.0",
    "",
    "python-requests/2.32.5",
    "Player/9.4.1 (iPhone; iOS 26.1; Scale/3.00)",
)


@frozen
class Line:
    """One step of a script, and the operation that it asks as `METHOD /path`.

    `about` says what the document forbids in it, where it surely does.
    """

    operation: str
    step: Step
    about: str = ""


@frozen
class Script:
    """Steps that meet one fresh state; `independent` ones do not need those before them.

    Those from `afar` are asked by a client of another address, months later.
    """

    lines: tuple[Line, ...]
    independent: bool = False
    afar: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps alone."""
        return tuple(line.step for line in self.lines)


def label_of(operation: Operation) -> str:
    """Return the operation as `METHOD /path`."""
    return f"{operation.method.upper()} {operation.path}"


def as_clients(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines as different clients send them, so that no answer can depend on which program asks."""
    made = []
    for index, line in enumerate(lines):
        name, request = _CLIENTS[index % len(_CLIENTS)], line.step.request
        if name and "user-agent" not in dict(request.headers):
            headers = tuple(sorted([*request.headers, ("user-agent", name)]))
            step = Step(replace(request, headers=headers), line.step.uses)
            line = Line(line.operation, step, line.about)  # noqa: PLW2901
        made.append(line)
    return tuple(made)
