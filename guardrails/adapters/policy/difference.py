"""What a change to `policies/` means, value by value rather than line by line.

Head's policy judges nothing, but whoever approves it must see what it would do. Head's files are
hostile input here: what does not parse is reported as such, and the list is bounded.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from guardrails.adapters.policy.approvers import signers_in
from guardrails.adapters.policy.document import parse
from guardrails.adapters.policy.files import APPROVERS, FOLDER
from guardrails.adapters.policy.plain import Plain, shown
from guardrails.model.change import Entry, Mode
from guardrails.model.errors import PolicyError
from guardrails.model.frozen import frozen
from guardrails.model.ports import Tree

MAX_DIFFERENCES = 200
_IDENTITIES = ("name", "id", "fingerprint", "package")
_LONGEST = 200
_DATA_SUFFIXES = (".yaml", ".yml", ".json")


_Triple = tuple[str, str, str]


@frozen
class PolicyDifference:
    """One value of one policy file that head changes; an empty side means that it is not there.

    `pointer` reads like `services[now-playing].ready`, and is empty for the file as a whole.
    """

    path: str
    pointer: str
    before: str
    after: str


@frozen
class _NotData:
    """A file that cannot be compared by value, and why."""

    reason: str


@frozen
class _Side:
    """A path in one of the two trees, or its absence there."""

    tree: Tree
    entry: Entry | None


def semantic_difference(base: Tree, head: Tree) -> tuple[PolicyDifference, ...]:
    """Return what differs between the policy files of two trees, by path; comments and order of keys do not.

    At most MAX_DIFFERENCES are returned; a last one then says that there are more.
    """
    old, new = _policy_entries(base), _policy_entries(head)
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    every = (
        one
        for path in changed
        for one in _path_differences(path, _Side(base, old.get(path)), _Side(head, new.get(path)))
    )
    first = tuple(islice(every, MAX_DIFFERENCES))
    if next(every, None) is None:
        return first
    return (
        *first,
        PolicyDifference(FOLDER, "", "", f"more than {MAX_DIFFERENCES} values differ; the rest is not shown"),
    )


def _policy_entries(tree: Tree) -> Mapping[str, Entry]:
    return {
        path: entry
        for path, entry in tree.entries().items()
        if path == FOLDER or (path.startswith(f"{FOLDER}/") and not path.startswith(f"{FOLDER}/schema/"))
    }


def _path_differences(path: str, old: _Side, new: _Side) -> Iterator[PolicyDifference]:
    if old.entry is None or new.entry is None:
        yield PolicyDifference(path, "", "the file" if old.entry else "", "the file" if new.entry else "")
    yield from _file_differences(path, _content(path, old), _content(path, new))


def _content(path: str, side: _Side) -> "Plain | _NotData":
    """Return a file's plain data; an absent file reads as null."""
    if side.entry is None:
        return None
    if side.entry.mode in {Mode.SYMLINK, Mode.SUBMODULE}:
        return _NotData("a symbolic link" if side.entry.mode is Mode.SYMLINK else "a submodule")
    content = side.tree.read(path) or b""
    try:
        if path == f"{FOLDER}/{APPROVERS}":
            return [one.described for one in signers_in(path, content)]
        if path.endswith(_DATA_SUFFIXES):
            return parse(path, content).data
    except PolicyError as error:
        return _NotData(f"not readable: {error.message}")
    return _NotData(f"blob {side.entry.blob[:12]}")


def _file_differences(
    path: str, old: "Plain | _NotData", new: "Plain | _NotData"
) -> Iterator[PolicyDifference]:
    if isinstance(old, _NotData) or isinstance(new, _NotData):
        before, after = (side.reason if isinstance(side, _NotData) else _text(side) for side in (old, new))
        if before != after:
            yield PolicyDifference(path, "", before, after)
        return
    for pointer, one, other in _differences("", old, new):
        yield PolicyDifference(path, pointer, one, other)


def _differences(at: str, old: Plain, new: Plain) -> Iterator[_Triple]:
    """Yield where two values differ; a mapping or list that is not there counts as an empty one."""
    kind = dict if isinstance(old or new, dict) else list
    old, new = (
        kind() if one is None and isinstance(other, kind) else one for one, other in ((old, new), (new, old))
    )
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _in_mappings(at, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(at, old, new)
    elif _text(old) != _text(new):
        yield at, _text(old), _text(new)


def _in_mappings(
    at: str, old: Mapping[str, Plain], new: Mapping[str, Plain], form: str = ".{}"
) -> Iterator[_Triple]:
    for key in sorted({*old, *new}):
        place = (at + form.format(shown(key))).removeprefix(".")
        if key in old and key in new:
            yield from _differences(place, old[key], new[key])
        else:
            yield place, _text(old[key]) if key in old else "", _text(new[key]) if key in new else ""


def _in_lists(at: str, old: Sequence[Plain], new: Sequence[Plain]) -> Iterator[_Triple]:
    """Yield what was removed and added, then a change of order; items that have a name are compared by it."""
    named = _by_identity(old, new)
    if named is not None:
        yield from _in_mappings(at, *named, form="[{}]")
        return
    before, after = Counter(map(_key, old)), Counter(map(_key, new))
    if before == after:
        if [*map(_key, old)] != [*map(_key, new)]:
            yield at, _text([*old]), _text([*new])
        return
    yield from ((at, _text(item), "") for item in _surplus(old, before - after))
    yield from ((at, "", _text(item)) for item in _surplus(new, after - before))


def _surplus(items: Sequence[Plain], extra: Counter[str]) -> Sequence[Plain]:
    """Return those items that are counted in `extra`, in order, the last ones of equals."""
    found: list[Plain] = []
    for item in reversed(items):
        if extra[_key(item)] > 0:
            extra[_key(item)] -= 1
            found.append(item)
    return found[::-1]


def _by_identity(
    old: Sequence[Plain], new: Sequence[Plain]
) -> tuple[Mapping[str, Plain], Mapping[str, Plain]] | None:
    """Return both lists as mappings by the member that names an item, where every item has one of its own."""
    for member in _IDENTITIES:
        sides = [{name: item for item in side if (name := _name_of(item, member))} for side in (old, new)]
        if sides[0].keys() | sides[1].keys() and [*map(len, sides)] == [len(old), len(new)]:
            return sides[0], sides[1]
    return None


def _name_of(item: Plain, member: str) -> str:
    name = item.get(member) if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def _key(value: Plain) -> str:
    return json.dumps(value, sort_keys=True)


def _text(value: Plain) -> str:
    text = _key(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
