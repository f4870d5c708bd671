"""Plain data from YAML's parser events, with nothing in it that two readers could understand differently.

PyYAML's own composer and constructor recurse, expand aliases without bound, keep the last of two
equal keys and run tags; this one does none of that. Importing this module imports PyYAML.
"""

from dataclasses import dataclass

import yaml

from guardrails.adapters.policy.plain import Mark, Plain, shown
from guardrails.adapters.policy.scalar import AmbiguousScalar, hidden_character, plain_scalar
from guardrails.model.errors import PolicyError

MAX_NODES = 100_000
MAX_DEPTH = 32
_CHARACTERS_A_NODE = 64  # so that many aliases of one long text are a bomb as well

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # wheels for rare platforms lack libyaml
_REMEDY = (
    "mend the syntax at or just above this line, and quote text that holds ': ', ' #' or a leading symbol"
)


def compose(path: str, text: str) -> tuple[Plain, Mark]:
    """Return the plain data of the one document in `text` and its marks; raises PolicyError with the line."""
    composer = _Composer(path)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from None
    return composer.result()


def _syntax_error(path: str, text: str, error: yaml.YAMLError) -> PolicyError:
    line, problem = 1, "it cannot be read"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"{error.problem or problem} {error.context or ''}".strip()
    last = len(text.rstrip("\n").split("\n"))
    return PolicyError(path, min(line, last), f"not valid YAML: {ascii(problem)[1:-1]}; {_REMEDY}")


@dataclass(slots=True)
class _Value:
    """A finished value; `nodes` and `height` count what its aliases expand to."""

    data: Plain
    mark: Mark
    nodes: int = 1
    height: int = 1


@dataclass(slots=True)
class _Mapping:
    """A mapping that is still open; `key` waits for its value."""

    value: _Value
    entries: dict[str, Plain]
    anchor: str | None
    key: str | None = None


@dataclass(slots=True)
class _Sequence:
    """A sequence that is still open."""

    value: _Value
    items: list[Plain]
    anchor: str | None


class _Composer:
    """Takes events one by one on a stack of its own, so that depth cannot exhaust the interpreter's."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._root: _Value | None = None
        self._open: list[_Mapping | _Sequence] = []
        self._anchors: dict[str, _Value | None] = {}
        self._documents = 0

    def result(self) -> tuple[Plain, Mark]:
        """Return the finished document; nothing at all reads as null."""
        return (self._root.data, self._root.mark) if self._root else (None, Mark(1))

    def take(self, event: yaml.Event) -> None:
        """Add one event."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self._document(event, line)
            case yaml.AliasEvent():
                self._finish(self._aliased(str(event.anchor), line), line)
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.CollectionStartEvent():
                self._collection(event, line)
            case yaml.CollectionEndEvent():
                ended = self._open.pop()
                if ended.anchor:
                    self._anchors[ended.anchor] = ended.value
                self._finish(ended.value, ended.value.mark.line)

    def _document(self, event: yaml.DocumentStartEvent, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._error(line, "a second document starts here; keep one document a file")
        if event.version or event.tags:
            raise self._error(line, "YAML directives are not read; delete the lines that start with %")

    def _collection(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self._refuse_tag(event.tag, line)
        above = self._open[-1] if self._open else None
        if isinstance(above, _Mapping):
            if above.key is None:
                raise self._error(line, "a key must be text, not a list or mapping; write plain keys")
            line = above.value.mark.keys[above.key]  # a block starts at its first item; its key says more
        if len(self._open) >= MAX_DEPTH:
            raise self._error(line, f"nested deeper than {MAX_DEPTH} levels; flatten it")
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            entries: dict[str, Plain] = {}
            self._open.append(_Mapping(_Value(entries, Mark(line)), entries, event.anchor))
        else:
            items: list[Plain] = []
            self._open.append(_Sequence(_Value(items, Mark(line)), items, event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._refuse_tag(event.tag, line)
        if hidden := hidden_character(event.value):
            raise self._error(line, f"the escape for {hidden[1]} hides a character; delete it")
        try:
            data = event.value if event.style else plain_scalar(event.value)
        except AmbiguousScalar as error:
            raise self._error(line, str(error)) from None
        value = _Value(data, Mark(line), nodes=1 + len(event.value) // _CHARACTERS_A_NODE)
        if event.anchor:
            self._anchors[event.anchor] = value
        above = self._open[-1] if self._open else None
        if isinstance(above, _Mapping) and above.key is None:
            self._key(above, data, line, is_plain=not event.style)
        else:
            self._finish(value, line)

    def _key(self, mapping: _Mapping, data: Plain, line: int, *, is_plain: bool) -> None:
        if not isinstance(data, str):
            raise self._error(line, f"the key {shown(data)} is not text; quote it")
        if is_plain and data == "<<":
            raise self._error(line, "merge keys (<<) are not read; write the keys out")
        if data in mapping.entries:
            first = mapping.value.mark.keys[data]
            raise self._error(line, f"{shown(data)} is already given in line {first}; keep one of the two")
        mapping.key = data
        mapping.value.mark.keys[data] = line

    def _aliased(self, anchor: str, line: int) -> _Value:
        above = self._open[-1] if self._open else None
        if isinstance(above, _Mapping) and above.key is None:
            raise self._error(line, f"*{shown(anchor)} is used as a key; write the key out")
        if anchor not in self._anchors:
            raise self._error(line, f"*{shown(anchor)} names no anchor above it; write the value out")
        value = self._anchors[anchor]
        if value is None:
            raise self._error(line, f"*{shown(anchor)} stands inside what it names; write the value out")
        return value

    def _finish(self, value: _Value, line: int) -> None:
        """Hang a finished value into the collection that is open, or make it the root."""
        if not self._open:
            self._root = value
            return
        above = self._open[-1]
        whole = above.value
        whole.nodes += value.nodes
        whole.height = max(whole.height, value.height + 1)
        if whole.nodes > MAX_NODES:
            raise self._error(line, f"more than {MAX_NODES} values, aliases counted in full; write fewer")
        if len(self._open) + value.height > MAX_DEPTH + 1:
            raise self._error(line, f"nested deeper than {MAX_DEPTH} levels; flatten it")
        if isinstance(above, _Sequence):
            whole.mark.inner[len(above.items)] = value.mark
            above.items.append(value.data)
        elif above.key is not None:
            whole.mark.inner[above.key] = value.mark
            above.entries[above.key] = value.data
            above.key = None

    def _refuse_tag(self, tag: str | None, line: int) -> None:
        if tag is not None:
            raise self._error(line, f"the tag {shown(tag)} is not read; delete it")

    def _error(self, line: int, message: str) -> PolicyError:
        return PolicyError(self._path, line, message)
