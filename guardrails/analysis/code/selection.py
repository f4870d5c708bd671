"""Which paths a policy means by a folder, a file or a pattern."""

from collections.abc import Collection
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


def matches(path: str, patterns: Collection[str]) -> bool:
    """Whether `path` is, or lies under, one of the patterns (`*` matches any text)."""
    if not patterns:  # as most of a policy's lists are, and rules ask for every file
        return False
    parents = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        parents.append(path)
    for pattern in patterns:
        wanted = pattern.rstrip("/")
        if _WILD.isdisjoint(wanted):
            if wanted in parents:
                return True
        elif any(fnmatchcase(one, wanted) for one in parents):
            return True
    return False


def is_python(path: str) -> bool:
    """Whether the path is one that Python imports or runs as source."""
    return path.endswith((".py", ".pyw"))
