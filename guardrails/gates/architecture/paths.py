"""Which of a change's files the gate judges; the door asks it before anything is parsed."""

from guardrails.analysis.code.selection import is_python, matches
from guardrails.gates.architecture.settings import Settings
from guardrails.model.change import Change, FileChange, Mode

_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})


def judged_paths(change: Change, settings: Settings) -> tuple[str, ...]:
    """Return head's changed Python files that policy does not ignore."""
    return tuple(
        one.path for one in change.files if _is_source(one) and not matches(one.path, settings.ignore)
    )


def _is_source(one: FileChange) -> bool:
    return is_python(one.path) and one.new is not None and one.new.mode in _FILES
