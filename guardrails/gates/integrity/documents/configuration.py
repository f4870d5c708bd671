"""Configuration files as flat settings by pointer, and which changes of them loosen a check.

TOML, INI and YAML all become `table/key -> value`, so that a reordered or reformatted file has
no difference, and a difference names the setting instead of a line.
"""

import re
from collections.abc import Mapping
from posixpath import basename

from guardrails.model.frozen import frozen
from guardrails.model.ports import Tree

Value = str | bool | int | float | tuple[str, ...] | None
_DEFAULT_PATTERNS = ("test_*.py", "*_test.py")
_SPLIT = re.compile(r"[\s,]+")
_TOOLS = re.compile(
    r"^(tool/)?(ruff|mypy|pytest|coverage|pyright|basedpyright|pylint|flake8|bandit|tox|nox|black|isort"
    r"|pylint.*|mypy-.*|tool:pytest|testenv.*|run|report|lint|format|per-file-ignores"
    r"|import-linter|importlinter|pydocstyle|hatch/envs)(/|:|$)"
)
_SHRINKS = re.compile(
    r"(^|/)(select|extend-select|enable|enable_error_code|testpaths|python_files|python_classes"
    r"|python_functions|source|source_pkgs|packages|modules|files|include|warn_.*|required_plugins)$"
)
_GROWS = re.compile(
    r"(^|/)(ignore|extend-ignore|extend_ignore|exclude|extend-exclude|extend_exclude|omit|exclude_lines"
    r"|exclude_also|disable|disable_error_code|norecursedirs|ignored-modules|skips|exclude_dirs|partial_branches"
    r"|per-file-ignores.*|extend-per-file-ignores.*|unfixable|collect_ignore.*)$"
)
_STRICT_WHEN_TRUE = re.compile(
    r"(^|/)(strict.*|disallow_.*|check_untyped_defs|warn_.*|no_implicit.*|xfail_strict|branch|extra_checks"
    r"|strict_.*|local_partial_types)$"
)
_LOOSE_WHEN_TRUE = re.compile(
    r"(^|/)(ignore_errors|ignore_missing_imports|allow_.*|implicit_.*|exit-zero|exit_zero)$"
)
_LOOSE_OPTIONS = re.compile(
    r"^(--ignore|--ignore-glob|--deselect|-k|-m|-p|--no-cov|--co|--collect-only|--continue-on-collection-errors"
    r"|--noconftest|-c|--override-ini|-o|--disable-warnings|-W|--pythonwarnings|--lf|--ff|--sw|--reruns"
    r"|--exitfirst|--suppress-no-test-exit-code|--cov-fail-under|--snapshot-update|--runxfail|--rootdir)(=|$|no)"
)
_SELECTIONS = frozenset({"select", "testpaths", "python_files", "python_functions", "files"})
_WHOLESALE = re.compile(r"^(ALL|\.|\*|\*\*|\.\*|/|src|tests?/?|\*\.py|\*\*/\*\.py)$")


@frozen
class Setting:
    """One setting that differs: its pointer, both values, and how it is looser (empty when it is not).

    `is_wholesale` is set when a whole check stops, not a part of it.
    """

    pointer: str
    before: Value
    after: Value
    loosening: str = ""
    is_wholesale: bool = False


def settings_in(path: str, text: str) -> Mapping[str, Value] | None:
    """Return the flat settings of a configuration file, or None when it cannot be read."""
    if not text.strip():
        return {}
    flat: dict[str, Value] = {}
    try:
        _flatten("", _loaded(path, text), flat)
    except (ValueError, RecursionError, _configparser_error()):
        return None
    return flat


def _configparser_error() -> type[Exception]:
    from configparser import Error  # noqa: PLC0415 - a commit without configuration stays quick

    return Error


def _loaded(path: str, text: str) -> object:
    if path.endswith(".toml"):
        import tomllib  # noqa: PLC0415 - a commit without it stays quick

        return tomllib.loads(text)
    if path.endswith(".json"):
        import json  # noqa: PLC0415 - a commit without it stays quick

        return json.loads(text)
    from configparser import RawConfigParser  # noqa: PLC0415 - a commit without it stays quick

    parser = RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _flatten(prefix: str, value: object, into: dict[str, Value]) -> None:
    if isinstance(value, dict):
        into.update({prefix: ()} if not value and prefix else {})
        for key, inner in value.items():
            _flatten(f"{prefix}/{key}" if prefix else str(key), inner, into)
    elif isinstance(value, list):
        if any(isinstance(one, dict) for one in value):
            for index, one in enumerate(value):
                name = str(one.get("module", index)) if isinstance(one, dict) else str(index)
                _flatten(f"{prefix}/{name}", one, into)
        else:
            into[prefix] = tuple(str(one) for one in value)
    elif isinstance(value, str | bool | int | float) or value is None:
        into[prefix] = value
    else:
        into[prefix] = str(value)


def is_about_checks(path: str, pointer: str) -> bool:
    """Return whether a setting steers linting, typing, testing or coverage, not packaging."""
    if basename(path) in {"pyproject.toml", "setup.cfg"}:
        return bool(_TOOLS.match(pointer))
    return True


def differences(path: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Setting, ...]:
    """Return the settings about checks that differ, each with how it is looser."""
    found = []
    for pointer in sorted(before.keys() | after.keys()):
        old, new = before.get(pointer), after.get(pointer)
        if old != new and is_about_checks(path, pointer):
            loosening, wholesale = _loosening(pointer, old, new)
            found.append(Setting(pointer, old, new, loosening, wholesale))
    return tuple(found)


def listed(value: Value) -> tuple[str, ...]:
    """Return a setting's value as its items; INI lists are split at spaces, commas and lines."""
    if value is None:
        return ()
    if isinstance(value, tuple):
        return value
    return tuple(part for part in _SPLIT.split(str(value)) if part)


def _is_true(value: Value) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in {"true", "1", "yes", "on"})


def _loosening(pointer: str, old: Value, new: Value) -> tuple[str, bool]:
    """Return how `new` is looser than `old`, and whether a whole check stops."""
    key = pointer.rsplit("/", 1)[-1]
    lost = [one for one in listed(old) if one not in listed(new)]
    won = [one for one in listed(new) if one not in listed(old)]
    if key in {"addopts", "args", "commands"}:
        return _options(lost, won)
    if key == "filterwarnings":
        loose = [one for one in won if one.startswith(("ignore", "default"))]
        loose += [one for one in lost if one.startswith("error")]
        return (f"warnings no longer fail: {', '.join(loose)}" if loose else "", False)
    return _flag(pointer, key, old, new) or _list(pointer, key, (lost, won), new)


def _flag(pointer: str, key: str, old: Value, new: Value) -> tuple[str, bool] | None:
    if key in {"fail_under", "fail-under"} and _number(new) < _number(old):
        return f"threshold lowered from {old} to {new}", False
    if _STRICT_WHEN_TRUE.search(pointer) and _is_true(old) and not _is_true(new):
        return "no longer on", key == "strict"
    if _LOOSE_WHEN_TRUE.search(pointer) and _is_true(new) and not _is_true(old):
        return "now on", key == "ignore_errors" and pointer in {
            "mypy/ignore_errors",
            "tool/mypy/ignore_errors",
        }
    return None


def _list(pointer: str, key: str, moved: tuple[list[str], list[str]], new: Value) -> tuple[str, bool]:
    lost, won = moved
    if _GROWS.search(pointer) and won:
        return f"adds {', '.join(won)}", any(_WHOLESALE.match(one) for one in won)
    if _SHRINKS.search(pointer) and lost:
        return f"drops {', '.join(lost)}", key in _SELECTIONS and not _covers(key, lost, won, new)
    return "", False


def _covers(key: str, lost: list[str], won: list[str], new: Value) -> bool:
    """Whether part of the old selection is left, or broader entries replaced all that was lost."""
    broader = {one if key == "select" else one.rstrip("/") + "/" for one in won}
    replaced = all(any(f"{one}/".startswith(other) or other == "ALL" for other in broader) for one in lost)
    return bool(set(listed(new)) - set(won)) or replaced


def _options(lost: list[str], won: list[str]) -> tuple[str, bool]:
    loose = [one for one in won if _LOOSE_OPTIONS.match(one)]
    kept = ("--strict", "-W", "--cov-fail-under", "error", "--cov", "--doctest")
    dropped = [one for one in lost if one.startswith(kept)]
    stops = any(
        one.startswith(("--co", "--collect-only", "--noconftest")) and "cov" not in one for one in loose
    )
    stops = stops and not any(one.startswith("--continue") for one in loose)
    parts = [f"adds {one}" for one in loose] + [f"drops {one}" for one in dropped]
    return ", ".join(parts), stops


def _number(value: Value) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def collection_patterns(tree: Tree) -> tuple[str, ...]:
    """Return the `python_files` patterns that a tree's own configuration gives pytest, else its defaults."""
    pointers = {
        "pytest.ini": "pytest/python_files",
        "pyproject.toml": "tool/pytest/ini_options/python_files",
        "tox.ini": "pytest/python_files",
        "setup.cfg": "tool:pytest/python_files",
    }
    for path, raw in sorted(tree.read_many(pointers).items(), key=lambda item: list(pointers).index(item[0])):
        found = settings_in(path, raw.decode("utf-8", "replace")) or {}
        if pointers[path] in found:
            return listed(found[pointers[path]])
    return _DEFAULT_PATTERNS
