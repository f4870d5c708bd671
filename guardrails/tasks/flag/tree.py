"""Takes a flag out of every Python file of a work tree, or shows what that would change."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst

from guardrails.adapters.git.inputs import WorkTree, open_change
from guardrails.analysis.code.selection import is_python, matches
from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen
from guardrails.tasks.flag.known import Unclear
from guardrails.tasks.flag.removal import without_flag

_BOM = b"\xef\xbb\xbf"


@frozen
class Rewritten:
    """One file: its text before and after, and the lines at which the flag's name still stands."""

    place: Path
    name: str
    before: bytes
    after: bytes
    left: tuple[int, ...]


def without_flag_in(repository: Path, flag: str, keep: str, paths: Sequence[str]) -> Iterator[Rewritten]:
    """Yield every file of the work tree that names the flag, rewritten; nothing is written.

    `paths` bound the files, all when empty. Raises UsageError for a file that cannot be rewritten
    and where `keep` does not say what a switch is worth.
    """
    with open_change(repository, WorkTree()) as opened:
        tree = opened.head
        wanted = [path for path in tree.entries() if is_python(path) and (not paths or matches(path, paths))]
        for path, source in sorted(tree.read_many(wanted).items()):
            if flag.encode() in source:
                place = opened.repository.path / path
                yield _rewritten(place, path, source, flag, keep)


def _rewritten(place: Path, name: str, source: bytes, flag: str, keep: str) -> Rewritten:
    mark = _BOM if source.startswith(_BOM) else b""
    try:
        module = cst.parse_module(source.removeprefix(_BOM))
        done = without_flag(module, flag, keep)
    except Unclear as error:
        raise UsageError(f"{name}: {error}; give --keep on or --keep off") from error
    except (cst.ParserSyntaxError, UnicodeError) as error:
        raise UsageError(
            f"{name} cannot be rewritten: {str(error).splitlines()[0]}; mend or move it"
        ) from error
    return Rewritten(place, name, source, mark + done.module.bytes, done.left)
