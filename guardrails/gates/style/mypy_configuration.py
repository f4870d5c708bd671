"""Reads which options base gave mypy, from whichever file mypy itself would take."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from configparser import Error as IniError
from configparser import RawConfigParser
from io import StringIO

from guardrails.gates.style.configuration import PROJECT, section_of
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.ports import Tree

_FILES = ("mypy.ini", ".mypy.ini", PROJECT, "setup.cfg")
# Options that run code, choose programs or write files; they are not style.
_NOT_PASSED_ON = frozenset(
    {
        "plugins",
        "python_executable",
        "cache_dir",
        "sqlite_cache",
        "install_types",
        "non_interactive",
        "junit_xml",
        "quickstart_file",
        "show_absolute_path",
        "bazel",
    }
)
_PATHS = frozenset({"files", "mypy_path"})
_TARGETS = ("files", "packages", "modules")
_HOME = "MYPY_CONFIG_FILE_DIR"


@frozen
class MypyConfiguration:
    """Base's mypy options by section. `plugins` are named so that the verdict can say they were not run."""

    path: str
    sections: Mapping[str, Mapping[str, str]]

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that base names; they are code and are not run."""
        return tuple(_listed(self.sections["mypy"].get("plugins", "")))

    @property
    def names_targets(self) -> bool:
        """Whether base says which files to check."""
        return any(key in self.sections["mypy"] for key in _TARGETS)

    def text(self, folder: str) -> str:
        """Return an ini file for a tree checked out at `folder`, the paths in it absolute.

        mypy trusts its cache when path, size and time of a file are the same; paths that hold the tree's
        id keep one tree's types from another tree.
        """
        parser = RawConfigParser()
        for name, options in self.sections.items():
            parser[name] = {
                key: _absolute(key, value, folder)
                for key, value in options.items()
                if key not in _NOT_PASSED_ON and not key.endswith("_report")
            }
        text = StringIO()
        parser.write(text)
        return text.getvalue()


def mypy_configuration(base: Tree) -> MypyConfiguration | None:
    """Return base's mypy configuration, from the first file that mypy itself would take, or None."""
    for path in _FILES:
        content = base.read(path)
        if content is None:
            continue
        sections = _of_project(content) if path == PROJECT else _of_ini(path, content)
        if "mypy" in sections:
            return MypyConfiguration(path, sections)
    return None


def _absolute(key: str, value: str, folder: str) -> str:
    placed = value.replace(f"${{{_HOME}}}", folder).replace(f"${_HOME}", folder)
    if key not in _PATHS:
        return placed
    return ", ".join(posixpath.normpath(posixpath.join(folder, one)) for one in _listed(placed))


def _listed(value: str) -> Iterator[str]:
    return (one.strip() for one in re.split(r"[,:\n]", value) if one.strip())


def _of_project(content: bytes) -> Mapping[str, Mapping[str, str]]:
    options = section_of(content, "mypy")
    if options is None:
        return {}
    sections = {"mypy": {key: _written(key, value) for key, value in options.items() if key != "overrides"}}
    overrides = options.get("overrides")
    for one in overrides if isinstance(overrides, list) else ():
        modules = one.get("module", [])
        names = [modules] if isinstance(modules, str) else modules
        for name in names:
            rest = {key: _written(key, value) for key, value in one.items() if key != "module"}
            sections.setdefault(f"mypy-{name}", {}).update(rest)
    return sections


def _of_ini(path: str, content: bytes) -> Mapping[str, Mapping[str, str]]:
    parser = RawConfigParser()
    try:
        parser.read_string(content.decode("utf-8-sig"))
    except (IniError, UnicodeDecodeError) as error:
        raise CannotJudge(
            f"{path}: base's mypy configuration cannot be read ({type(error).__name__}); correct it"
        ) from None
    return {
        name: dict(parser[name]) for name in parser.sections() if name == "mypy" or name.startswith("mypy-")
    }


def _written(key: str, value: object) -> str:
    if isinstance(value, list):
        parts = [str(one) for one in value]
        return "|".join(f"(?:{one})" for one in parts) if key == "exclude" else ", ".join(parts)
    return str(value)
