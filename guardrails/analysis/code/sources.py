"""Where a project's modules are imported from, read off the files that lie around them.

A repository may hold several projects, and a project may keep its code under `src`. Code then says `shop.price` for
`services/shop/src/shop/price.py`. These are further names of a module: no file loses its own name by them, so a
change gains nothing by adding such a file.
"""

from collections.abc import Iterable, Mapping

from guardrails.model.frozen import frozen

PROJECT_FILES = frozenset(
    {
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "Pipfile",
        "uv.lock",
        "poetry.lock",
        "manage.py",
    }
)
_SOURCES = "src"


@frozen
class Home:
    """A folder that stands on the import path of the modules below `serves`, both as dotted prefixes."""

    prefix: str
    serves: str


def homes_in(paths: Iterable[str], modules: frozenset[str]) -> Mapping[str, tuple[Home, ...]]:
    """Return, for each top name that a project's folder or its `src` holds, the homes it may come from.

    `paths` are all files of a tree and `modules` those that are Python modules. A folder counts when a project's file
    lies in it and it is no package; so does the `src` of such a folder and of the top folder.
    """
    projects = {""} | {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] in PROJECT_FILES}
    serves: dict[str, str] = {}
    for project in projects:
        for folder in (project, f"{project}/{_SOURCES}".lstrip("/")):
            if folder and f"{folder}/__init__.py" not in modules:
                serves[folder] = project
    if not serves:
        return {}
    found: dict[str, set[Home]] = {}
    firsts = {folder.partition("/")[0] for folder in serves}  # most paths lie below none of these
    for path in (one for one in modules if one.partition("/")[0] in firsts):
        for folder, top in _tops(path):
            if folder in serves:
                found.setdefault(top, set()).add(Home(_dotted(folder), _dotted(serves[folder])))
    return {
        top: tuple(sorted(some, key=lambda one: (-len(one.serves), one.prefix)))
        for top, some in found.items()
    }


def _tops(path: str) -> Iterable[tuple[str, str]]:
    """Yield every folder above a module, with the first name below it on the way there."""
    steps = path.removesuffix(".py").split("/")
    for depth in range(1, len(steps)):
        yield "/".join(steps[:depth]), steps[depth]


def _dotted(folder: str) -> str:
    return folder.replace("/", ".")
