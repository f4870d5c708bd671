"""Which of a change's files the gate judges; the door asks it before anything is parsed."""

import re
from collections.abc import Mapping

from guardrails.analysis.code.selection import is_python, matches
from guardrails.gates.architecture.settings import Settings
from guardrails.model.change import Change, FileChange, Mode

_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})


def judged_paths(change: Change, settings: Settings) -> tuple[str, ...]:
    """Return head's changed Python files that policy does not ignore."""
    return tuple(
        one.path for one in change.files if _is_source(one) and not matches(one.path, settings.ignore)
    )


def of_features(change: Change, settings: Settings, paths: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that hold policy's constants of features, by `paths` of modules, where the change
    touches the schema that they must agree with, or nothing."""
    features = settings.features
    if not touches_schema(change, settings):
        return ()
    holders = {one.rpartition(".")[0] for one in (*features.produced, *features.named)}
    return tuple(sorted(paths[one] for one in holders if one in paths))


def touches_schema(change: Change, settings: Settings) -> bool:
    """Whether the change touches what policy calls the features' schema, or the lock that names it."""
    features = settings.features
    if not features.schema:
        return False
    wanted = (re.sub(r"\{\w+\}", "*", features.schema), *filter(None, [features.lock]))
    return any(matches(one.path, wanted) for one in change.files)


def _is_source(one: FileChange) -> bool:
    return is_python(one.path) and one.new is not None and one.new.mode in _FILES
