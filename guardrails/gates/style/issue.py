"""One thing that a tool reports, and how it is told apart from what base had."""

from collections.abc import Iterator, Mapping

from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Completed, Tool


@frozen
class Issue:
    """A tool's finding: `code` is the tool's own, `snippet` the line it stands on, without its number."""

    path: str
    line: int
    code: str
    message: str
    snippet: str

    @property
    def subject(self) -> str:
        """What identifies it besides the file: the code and the text of its line."""
        return f"{self.code} {self.snippet}"


def line_of(source: bytes, line: int) -> str:
    """Return the text of one line (from 1), undecodable bytes escaped."""
    lines = source.splitlines()
    return lines[line - 1].decode("utf-8", "backslashreplace").strip() if 0 < line <= len(lines) else ""


def failed(tool: Tool, name: str, completed: Completed) -> CannotJudge:
    """Return what to raise when a tool did not do its work."""
    said = (completed.stderr or completed.stdout).decode("utf-8", "replace").strip().splitlines()
    what = completed.stopped_by or (said[-1] if said else f"exit code {completed.exit_code}")
    return CannotJudge(
        f"{name} {tool.version} could not judge: {ascii(what)[1:-1][:300]}; correct base's configuration of {name}"
    )


def known_paths(issues: tuple[Issue, ...], origins: Mapping[str, str]) -> Iterator[Issue]:
    """Yield base's issues under the paths that head gives their files."""
    renamed = {old: new for new, old in origins.items()}
    for one in issues:
        yield Issue(renamed.get(one.path, one.path), one.line, one.code, one.message, one.snippet)
