"""Which paths a policy means by a folder, a file or a pattern."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether `path` is, or lies under, one of the patterns (`*` matches any text)."""
    parents = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        parents.append(path)
    return any(fnmatchcase(one, pattern.rstrip("/")) for pattern in patterns for one in parents)


def is_python(path: str) -> bool:
    """Whether the path is one that Python imports or runs as source."""
    return path.endswith((".py", ".pyw"))
