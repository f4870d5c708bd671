"""What a path of the tree is to the integrity gate: a test, a golden, policy, a pipeline, or product.

The answer comes from base's settings alone, so a change cannot rename its way out of a rule.
"""

import re
from enum import StrEnum
from functools import lru_cache
from posixpath import basename

from guardrails.gates.integrity.settings import IntegritySettings


class Role(StrEnum):
    """What a file is for."""

    POLICY = "policy"
    GOLDEN = "golden"
    PIPELINE = "pipeline"
    CONFIGURATION = "configuration"
    TEST = "test"
    PRODUCT = "product"
    OTHER = "other"


_CONFIGURATIONS = frozenset(
    {
        "pyproject.toml",
        "ruff.toml",
        ".ruff.toml",
        "mypy.ini",
        ".mypy.ini",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        "setup.cfg",
        "tox.ini",
        ".coveragerc",
        "pyrightconfig.json",
        ".flake8",
        ".pylintrc",
        "pylintrc",
    }
)
_TOKENS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_TOKEN = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?")


@lru_cache(maxsize=512)
def _literals(glob: str) -> tuple[str, ...]:
    return tuple(part for part in _TOKEN.split(glob) if part)


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(glob):
        parts += [re.escape(glob[end : token.start()]), _TOKENS[token.group()]]
        end = token.end()
    return re.compile("".join(parts) + re.escape(glob[end:]), re.DOTALL)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Return whether any of `globs` covers the whole `path`; `**` spans folders, `*` does not."""
    # Compiling every glob costs a hook 5 ms; most cannot match, since the path lacks a literal part of them.
    return any(
        all(part in path for part in _literals(glob)) and _pattern(glob).fullmatch(path) for glob in globs
    )


def role_of(path: str, settings: IntegritySettings) -> Role:
    """Return what `path` is; policy wins over golden, golden over pipeline, and so on."""
    for role, globs in (
        (Role.POLICY, settings.policies),
        (Role.GOLDEN, settings.goldens),
        (Role.PIPELINE, settings.pipelines),
    ):
        if matches(path, globs):
            return role
    if basename(path) in _CONFIGURATIONS:
        return Role.CONFIGURATION
    if matches(path, settings.tests):
        return Role.TEST
    return Role.PRODUCT if path.endswith((".py", ".pyi", ".pyx")) else Role.OTHER


def is_collected(path: str, patterns: tuple[str, ...]) -> bool:
    """Return whether pytest's `python_files` patterns collect a file of this name."""
    return matches(basename(path), patterns)
