"""The byte code of this package in one file, so that a start does not find, open and read a file a module.

That is a fifth of what a hook's imports cost. The image lies in the package's own `__pycache__` and holds copies of
the byte code that Python itself keeps there and runs: whoever may write the one may write the other. A module
whose source has not the very size and time that the image noted is left to Python, as is everything where there
is no image. Only whole runs of the command write it.
"""

import importlib.machinery
import marshal
import os
import sys
import time
from collections.abc import Iterator, Sequence
from types import CodeType, ModuleType

_PACKAGE = "guardrails"
_HERE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120 - pathlib would cost every start 3 ms
_FORMAT = b"guardrails image 1 " + sys.version.encode() + b"\0"
_HEADER = 16  # of a `.pyc`: magic number, flags, time and size of the source
_LENGTH = 8
_LOOKED_AT_EVERY = 16
_SETTLED_SECONDS = 2.0  # Python notes the time of a source in whole seconds, so a younger one may differ yet
_SUFFIX = f".{sys.implementation.cache_tag}{f'.opt-{sys.flags.optimize}' if sys.flags.optimize else ''}.pyc"
_SKIPPED = frozenset({"__pycache__", "payload", "templates"})

# By module: its file below the package, the time and size of its source, and where its code lies in the image.
_Entry = tuple[str, int, int, int, int]


class _Code(importlib.machinery.SourceFileLoader):
    """Loads one module from the image, and is Python's own loader in everything else."""

    def __init__(self, name: str, path: str, image: int, place: int, length: int) -> None:
        super().__init__(name, path)
        self._place = image, length, place

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the module's code; where the image is damaged, what Python finds."""
        try:
            code = marshal.loads(os.pread(*self._place))  # noqa: S302 - what Python would do with the same bytes
        except (ValueError, EOFError, TypeError, OSError):
            code = None
        return code if isinstance(code, CodeType) else super().get_code(fullname)


class Image:
    """Finds modules of this package in an image; remembers whether it had to leave one to Python."""

    def __init__(self, descriptor: int, entries: dict[str, _Entry], begin: int) -> None:
        self.lacks = False
        self._descriptor = descriptor
        self._entries = entries
        self._begin = begin

    def is_stale(self) -> bool:
        """Whether a source has changed since, looked at by one run in many."""
        if os.getpid() % _LOOKED_AT_EVERY:
            return False
        try:
            states = [
                (os.stat(_HERE + inside), changed, size)  # noqa: PTH116 - as below
                for inside, changed, size, *_ in self._entries.values()
            ]
        except OSError:
            return True
        return any(state.st_mtime_ns != changed or state.st_size != size for state, changed, size in states)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where the module is, None for others' modules and for what has changed since."""
        del target
        if not name.startswith("guardrails."):
            return None
        entry = self._entries.get(name)
        if entry is None:
            self.lacks = True
            return None
        inside, changed, size, place, length = entry
        file = _HERE + inside
        folder = file.rpartition("/")[0]
        is_package = file.endswith("/__init__.py")
        try:
            found = os.stat(file)  # noqa: PTH116 - as above
        except OSError:
            return None
        if found.st_mtime_ns != changed or found.st_size != size:
            self.lacks = True
            return None
        parent = folder.rpartition("/")[0] if is_package else folder
        if path is not None and parent not in path:
            return None
        loader = _Code(name, file, self._descriptor, self._begin + place, length)
        spec = importlib.machinery.ModuleSpec(name, loader, origin=file, is_package=is_package)
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        spec.has_location = True
        spec.cached = f"{folder}/__pycache__{file[len(folder) : -len('.py')]}{_SUFFIX}"
        return spec


_used: list[Image] = []


def use() -> None:
    """Take the package's modules from its image from now on, where there is one."""
    if os.name != "posix" or sys.pycache_prefix is not None or _used:
        return
    image = _opened() or Image(-1, {}, 0)
    _used.append(image)
    sys.meta_path.insert(0, image)  # the names of this package are nobody else's


def keep() -> None:
    """Write the image anew where it lacked a module, unless Python is told to write no byte code.

    What the gates import in processes of their own is not seen here, so now and then all of it is compared.
    """
    if sys.dont_write_bytecode or not any(one.lacks or one.is_stale() for one in _used):
        return
    try:
        _write()
    except OSError:
        return  # the folder is not ours to write to; the next run starts as this one did


def _path() -> str:
    tag = f"{sys.implementation.cache_tag}{sys.flags.optimize or ''}"
    return f"{_HERE}/__pycache__/{_PACKAGE}.{tag}.image"


def _opened() -> Image | None:
    try:
        descriptor = os.open(_path(), os.O_RDONLY)
    except OSError:
        return None
    try:
        start = os.pread(descriptor, len(_FORMAT) + _LENGTH, 0)
        length = int.from_bytes(start[len(_FORMAT) :], "little")
        begin = len(_FORMAT) + _LENGTH + length
        if start.startswith(_FORMAT) and begin <= os.fstat(descriptor).st_size:
            entries = marshal.loads(os.pread(descriptor, length, len(start)))  # noqa: S302 - as for the code
            if isinstance(entries, dict):
                return Image(descriptor, entries, begin)
    except (ValueError, EOFError, TypeError, OSError):
        pass
    os.close(descriptor)
    return None


def _write() -> None:
    entries: dict[str, _Entry] = {}
    codes: list[bytes] = []
    place = 0
    for name, inside, found, code in _kept_by_python(_HERE, _PACKAGE, time.time()):
        entries[name] = (inside, found.st_mtime_ns, found.st_size, place, len(code))
        codes.append(code)
        place += len(code)
    header = marshal.dumps(entries)
    aside = f"{_path()}.{os.getpid()}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([_FORMAT, len(header).to_bytes(_LENGTH, "little"), header, *codes])
        os.replace(aside, _path())  # noqa: PTH105 - as above
    except BaseException:
        os.unlink(aside)  # noqa: PTH108 - as above
        raise


def _kept_by_python(
    folder: str, package: str, now: float
) -> Iterator[tuple[str, str, os.stat_result, bytes]]:
    """Yield (module, its file below the package, that file's state, its code) of what has byte code that is valid."""
    with os.scandir(folder) as listed:
        found = sorted(listed, key=lambda one: one.name)
    for one in found:
        if one.is_dir() and one.name not in _SKIPPED:
            yield from _kept_by_python(one.path, f"{package}.{one.name}", now)
        elif one.name.endswith(".py"):
            stem, state = one.name.removesuffix(".py"), one.stat()
            code = _code_in(f"{folder}/__pycache__/{stem}{_SUFFIX}", state)
            if code and state.st_mtime < now - _SETTLED_SECONDS:
                yield (
                    package if stem == "__init__" else f"{package}.{stem}",
                    one.path[len(_HERE) :],
                    state,
                    code,
                )


def _code_in(path: str, source: os.stat_result) -> bytes:
    """Return the code of a `.pyc` that belongs to a source in that state; nothing otherwise."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            content = file.read()
    except OSError:
        return b""
    state = (int(source.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + (
        source.st_size & 0xFFFFFFFF
    ).to_bytes(4, "little")
    is_valid = content[4:_HEADER] == bytes(4) + state
    return content[_HEADER:] if is_valid else b""
