"""The `policies/` folder of one tree: which files it holds, their digest, and their plain data.

Everything is a git blob of the given tree, so nothing that a change carries can stand in for it.
"""

import marshal
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from guardrails import __version__
from guardrails.adapters.policy.decode import DecodeError, nearest
from guardrails.adapters.policy.files import APPROVERS, FOLDER, GUARDRAILS
from guardrails.adapters.policy.plain import Plain, shown
from guardrails.model.change import Entry, Mode
from guardrails.model.digest import sha256
from guardrails.model.errors import PolicyError
from guardrails.model.frozen import frozen
from guardrails.model.ports import Cache, Tree

_PREFIX = f"{FOLDER}/"
_UNREAD_BY_DESIGN = ("schema/",)  # for editors only
_FORMAT = 2
_SURELY_MEANT = 0.85  # a foreign repository may well have a policies/standards.yaml of its own
_LINKS: Mapping[Mode, str] = {Mode.SYMLINK: "a symbolic link", Mode.SUBMODULE: "a submodule"}


@frozen
class Folder:
    """The policy files of a tree, by name under `policies/`, and the digest of them all."""

    tree: Tree
    entries: Mapping[str, Entry]
    digest: str

    def content(self, name: str) -> bytes:
        """Return the bytes of the file; raises PolicyError when it is not a regular file."""
        content = self.tree.read(_PREFIX + name)
        if content is None:
            raise PolicyError(_PREFIX + name, None, "the file cannot be read from its tree; run `git fsck`")
        return content


@contextmanager
def placing(folder: Folder, name: str) -> Iterator[None]:
    """Turn a DecodeError into a PolicyError with its line; for that, the file is parsed again."""
    try:
        yield
    except DecodeError as error:
        from guardrails.adapters.policy.document import parse  # noqa: PLC0415 - as in `_parsed`

        path = _PREFIX + name
        line = parse(path, folder.content(name)).line_of(error.pointer, at_key=error.at_key)
        raise PolicyError(path, line, str(error)) from None


def folder_of(tree: Tree) -> Folder:
    """Return the policy folder of `tree`; raises PolicyError when `policies` is a link or submodule."""
    entries = tree.entries()
    if FOLDER in entries and (kind := _LINKS.get(entries[FOLDER].mode)):
        raise PolicyError(FOLDER, None, f"the folder is {kind}; make it a folder of regular files")
    found = {path.removeprefix(_PREFIX): entries[path] for path in entries if path.startswith(_PREFIX)}
    total = sha256()
    for name in sorted(found):
        line = f"{name}\0{found[name].mode.value} {found[name].blob}\0"
        total.update(line.encode("utf-8", "surrogateescape"))
    return Folder(tree, found, total.hexdigest())


def check_names(folder: Folder, known: Collection[str], elsewhere: Collection[str] = ()) -> None:
    """Raise PolicyError for a file that nobody reads, and for a known one that is not a regular file.

    `elsewhere` names what others read: files, or folders with a slash at their end.
    """
    for name in sorted(folder.entries):
        if name.endswith(".md") or name.startswith(_UNREAD_BY_DESIGN) or _is_among(name, elsewhere):
            continue
        if name not in known:
            raise PolicyError(shown(_PREFIX + name), None, f"nobody reads this file; {_remedy(name, known)}")
        if kind := _LINKS.get(folder.entries[name].mode):
            raise PolicyError(_PREFIX + name, None, f"the file is {kind}; replace it by a regular file")


def _is_among(name: str, elsewhere: Collection[str]) -> bool:
    return any(name == one or (one.endswith("/") and name.startswith(one)) for one in elsewhere)


def misnamed(folder: Folder) -> PolicyError | None:
    """Return what is wrong when `guardrails.yaml` is not there but a file that must be meant as it is."""
    for name in sorted(folder.entries):
        if "/" not in name and nearest(name, [GUARDRAILS], likeness=_SURELY_MEANT):
            remedy = f"did you mean {_PREFIX}{GUARDRAILS}?"
            return PolicyError(shown(_PREFIX + name), None, f"nobody reads this file; {remedy}")
    return None


def _remedy(name: str, known: Collection[str]) -> str:
    hint = nearest(name, known)
    return f"did you mean {_PREFIX}{hint}?" if hint else f"the files read are {', '.join(sorted(known))}"


def plain_data(folder: Folder, names: Collection[str], cache: Cache) -> Mapping[str, Plain]:
    """Return the plain data of those of `names` that exist, parsed only when the cache has them not."""
    key = f"policy {_FORMAT} {__version__} {sys.hexversion:x} {folder.digest} {' '.join(sorted(names))}"
    wanted = [name for name in sorted(names) if name in folder.entries]
    stored = _loaded(cache.get(key), wanted)
    if stored is not None:
        return stored
    parsed = {name: _parsed(name, folder.content(name)) for name in wanted}
    cache.put(key, marshal.dumps(parsed))
    return parsed


def _parsed(name: str, content: bytes) -> Plain:
    # Loaded here, since most runs find everything in the cache and need no parser.
    from guardrails.adapters.policy.approvers import names_in  # noqa: PLC0415
    from guardrails.adapters.policy.document import parse  # noqa: PLC0415

    path = _PREFIX + name
    return [*names_in(path, content)] if name == APPROVERS else parse(path, content).data


def _loaded(content: bytes | None, wanted: Collection[str]) -> Mapping[str, Plain] | None:
    if content is None:
        return None
    try:
        # Written by us alone, in the user's own cache, whose entries carry a digest; it saves 20 ms of YAML.
        stored = marshal.loads(content)  # noqa: S302
    except (EOFError, ValueError, TypeError):
        return None
    return stored if isinstance(stored, dict) and sorted(stored) == sorted(wanted) else None
