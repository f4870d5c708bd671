"""What one Python file says, as small records that are quick to store and to load.

Nothing here depends on where the file stands: relative imports stay relative and own
definitions are written `:name`, so the same blob has the same facts under every path.

A resolved name is a string: `time.sleep` (through any alias), `..clients.fetch` (relative),
`:Service.fetch` (defined in this file), `httpx.Client().get` (a method of what a call returned),
`builtins.open`, and `?client.get` where the file alone does not tell what `client` is.
"""

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from guardrails.model.record import Record

SCHEMA = 10


class Flag:
    """How a call or an import stands in its scope: bits, as plain numbers since they are tested often."""

    AWAITED = 1
    LOOPED = 2
    ENTERED = 4
    BARE = 8
    TYPING = 16
    LAZY = 32
    DYNAMIC = 64
    GUARDED = 128
    EACH = 256
    SCRIPT = 512
    READ = 1024


class Import(Record):
    """One imported name: `import module` when `name` is empty, else `from module import name`.

    `module` keeps the dots of a relative import. `scope` is an index into `Facts.scopes`. Flags:
    TYPING under `if TYPE_CHECKING`, LAZY inside a function, GUARDED in a `try`, DYNAMIC when
    `importlib` or `__import__` is given a constant.
    """

    module: str
    name: str
    alias: str
    line: int
    scope: int
    flags: int


class Call(Record):
    """One call. `arguments` and the values of `keywords` are short texts: a constant's repr, a
    resolved name, or `...`; a `**` keyword's name is `**`, a starred argument is `*`.

    Flags: AWAITED, LOOPED (in a loop or comprehension), EACH (for the items of a collection that is
    no constant), ENTERED (a `with` item), BARE (a decorator written without parentheses), SCRIPT
    (under `if __name__ == "__main__"`). `block` is an index into `Facts.blocks`.
    """

    name: str
    scope: int
    line: int
    flags: int
    arguments: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    block: int = 0

    @property
    def text(self) -> str:
        """The call as one normalised line, the snippet of its fingerprint."""
        values = [
            *self.arguments,
            *(f"{name}={value}" if name != "**" else "**" for name, value in self.keywords),
        ]
        return f"{self.name.lstrip(':?')}({', '.join(values)})"

    def keyword(self, name: str) -> str | None:
        """Return the text of the keyword's value; None when it is not given."""
        return next((value for key, value in self.keywords if key == name), None)

    @property
    def has_unknown_keywords(self) -> bool:
        """Whether `**` may pass any keyword."""
        return any(key == "**" for key, _ in self.keywords)


class Parameter(Record):
    """One parameter of a function: its name, its annotation's resolved name and the short text of its
    default (as a call's arguments are written); each of the last two may be empty."""

    name: str
    annotation: str
    default: str = ""


class Block(Record):
    """A stretch of code that may run any number of times but exactly once when its parent runs.

    `kind` is `if`, `else` (of a condition, a loop or a try), `loop` (a comprehension too), `try`,
    `except`, `case`, or `arm` of an expression. Index 0 is the body of the module and of every
    function. A `finally` belongs to the block around its `try`.
    """

    kind: str
    parent: int
    line: int


class Raise(Record):
    """One `raise`. `name` is the resolved class or value, empty for a bare one; `arguments` and
    `keywords` are those of the class's call, written as a call's."""

    name: str
    arguments: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    scope: int
    line: int
    block: int

    def keyword(self, name: str) -> str | None:
        """Return the text of the keyword's value; None when it is not given."""
        return next((value for key, value in self.keywords if key == name), None)


class Handler(Record):
    """One `except`. `kinds` are the resolved classes, none for a bare one; calls and raises of its body
    have its `block` or one below it, those of the guarded code have `guarded` or one below.

    `ends` says how its body ends: `raise`, `return`, `continue`, `break`, `pass` or an empty text;
    `value` is the short text of what it returns.
    """

    kinds: tuple[str, ...]
    scope: int
    line: int
    block: int
    guarded: int
    ends: str
    value: str


class Field(Record):
    """One annotated name of a class body. `annotation` is the code as written, `kind` the resolved name
    of the class in it (without Optional and the like), `default` a short text or empty."""

    name: str
    annotation: str
    kind: str
    default: str
    scope: int
    line: int


class Scope(Record):
    """The module (index 0), a class, a function or a lambda.

    `name` is the qualified name within the file, empty for the module. `kind` is `module`,
    `class`, `function`, `async` or `lambda`. `bases` are a class's resolved bases; `returns` the
    text of a function's return annotation, empty without one.
    """

    name: str
    kind: str
    parent: int
    line: int
    end: int
    decorators: tuple[Call, ...]
    parameters: tuple[Parameter, ...]
    returns: str
    bases: tuple[str, ...]

    @property
    def is_property(self) -> bool:
        """Whether the function runs when its name is read."""
        return any(one.name.rpartition(".")[2].endswith("property") for one in self.decorators)


class Comparison(Record):
    """One comparison: short texts of its operands, and the operators' names (`In`, `Eq`, ...)."""

    operands: tuple[str, ...]
    operators: tuple[str, ...]
    scope: int
    line: int


class Mention(Record):
    """A resolved name that is read without being called, a subscript (`os.environ['X']`), a string
    constant, or a written name, at its first line in that scope."""

    text: str
    scope: int
    line: int


class Mark(Record):
    """One place that a local rule marks. Nothing in it depends on the file's path.

    `subject` is the normalised snippet of the fingerprint. `names` are resolved names (`:own.name`,
    `httpx.Client`) that the rule wants to follow across files later; `remedy` replaces the rule's own.
    """

    rule: str
    line: int
    scope: int
    message: str
    subject: str
    remedy: str = ""
    names: tuple[str, ...] = ()


BROKEN = ""
"""In place of a rule's id: a mark of the walk itself, which says that a rule broke and names it."""


class Directive(Record):
    """A comment that speaks to us: its text and line, the first and last line of the statement that it
    stands in or above, and that statement's tokens, joined by blanks."""

    text: str
    line: int
    first: int
    last: int
    code: str


class Facts(Record):
    """Everything that the rules may know about one file.

    `exports` maps a name bound at module level to what it may be; `attributes` maps a class's name
    to the same for its attributes. `strings` are constants of at most 120 characters that are
    no docstrings. `writes` are names declared `global`, or module-level names whose item or
    attribute is written, by the scope that does it. `raises`, `handlers` and `fields` tell what
    they are called. Records stand in the order in which they run within a function. `unparsable`
    tells why there are no facts. `gives` maps a function to what it may return or yield, where its
    annotation does not tell. `unsaid` are calls that no call says: what `with` and `for` call of an
    object, and properties of this file that are read.
    """

    imports: tuple[Import, ...] = ()
    scopes: tuple[Scope, ...] = (Scope("", "module", -1, 1, 1, (), (), "", ()),)
    calls: tuple[Call, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    references: tuple[Mention, ...] = ()
    subscripts: tuple[Mention, ...] = ()
    strings: tuple[Mention, ...] = ()
    writes: tuple[Mention, ...] = ()
    exports: Mapping[str, tuple[str, ...]] = {}
    attributes: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    unparsable: str = ""
    blocks: tuple[Block, ...] = (Block("body", -1, 1),)
    raises: tuple[Raise, ...] = ()
    handlers: tuple[Handler, ...] = ()
    fields: tuple[Field, ...] = ()
    directives: tuple[Directive, ...] = ()
    unsaid: tuple[Call, ...] = ()
    gives: Mapping[str, tuple[str, ...]] = {}

    def scope_at(self, line: int) -> int:
        """Return the index of the innermost class or function that spans `line`; 0 for the module."""
        best = 0
        for index, scope in enumerate(self.scopes):
            if (
                scope.kind != "lambda"
                and scope.line <= line <= scope.end
                and scope.line >= self.scopes[best].line
            ):
                best = index
        return best

    def function_of(self, scope: int) -> int:
        """Return the index of the function whose run executes code of `scope`: class bodies run in
        the function around them; the module is its own."""
        while self.scopes[scope].kind == "class":
            scope = self.scopes[scope].parent
        return scope

    def reads(self) -> Iterator[Call]:
        """Yield what the file reads of instances that other files define, as calls of properties.

        Such are the attributes of what a class makes, and of names that are imported and no classes.
        """
        taken = {f"{one.module}.{one.name}" for one in self.imports if one.name and one.name[0].islower()}
        for one in self.references:
            owner, is_made, rest = one.text.partition("().")
            if is_made:
                owner = f"{owner}()"
            else:
                owner, _, rest = one.text.rpartition(".")
            if rest and (is_made or owner in taken) and not owner.startswith("builtins."):
                name = f"{owner}.{rest.partition('.')[0].partition('(')[0]}"
                yield Call(name, one.scope, one.line, Flag.READ, (), ())

    def is_within(self, block: int, outer: int) -> bool:
        """Whether `block` is `outer` or lies in it."""
        while block > outer:  # a block is listed after the one that holds it
            block = self.blocks[block].parent
        return block == outer

    def dominates(self, first: Call, later: Call) -> bool:
        """Whether `later` cannot run in one run of their function unless `first` ran before it.

        Of two calls on one line the one listed first, such as an argument, is taken to run first.
        """
        if self.function_of(first.scope) != self.function_of(later.scope) or first.line > later.line:
            return False
        if first.line == later.line and self.calls.index(first) >= self.calls.index(later):
            return False
        return self.is_within(later.block, first.block)


# Facts as lists of plain tuples, which `marshal` knows: the records of each kind in order, then `exports`,
# `attributes`, `unparsable` and `gives`. A pass over a file makes them without any record in between.
Rows = Sequence[Any]


def encode(facts: Facts) -> bytes:
    """Return the facts as bytes; the reverse of `decode`."""
    return encode_rows(rows_of(facts))


def rows_of(facts: Facts) -> Rows:
    """Return the facts as rows; the reverse of `facts_of_rows`."""
    groups = (facts.imports, map(_plain_scope, facts.scopes), *facts[2:8], *facts[11:-1])
    return [*([tuple(one) for one in group] for group in groups), *facts[8:11], facts.gives]


def encode_rows(rows: Rows) -> bytes:
    """Return as bytes what `decode` reads."""
    plain: Any = rows
    return marshal.dumps(plain)


def decode(data: bytes) -> Facts:
    """Return the facts that `encode` made; raises ValueError, EOFError or TypeError when damaged."""
    # Our own cache, checked by its digest. marshal knows no types, so neither does this function.
    return facts_of_rows(marshal.loads(data))  # noqa: S302


def facts_of_rows(rows: Rows) -> Facts:
    """Return the facts that such rows are."""
    imports, scopes, *records, exports, attributes, unparsable, gives = rows
    made: list[Any] = [tuple(map(_maker(kind), one)) for kind, one in zip(_RECORDS, records, strict=True)]
    first = tuple(map(_maker(Import), imports)), tuple(map(_scope, scopes)), *made[:6]
    return Facts._make((*first, exports, attributes, unparsable, *made[6:], gives))


_RECORDS: tuple[Any, ...] = (
    *(Call, Comparison, Mention, Mention, Mention, Mention),
    *(Block, Raise, Handler, Field, Directive, Call),
)


def _maker(kind: type[tuple[Any, ...]]) -> Callable[[Sequence[Any]], Any]:
    return partial(tuple.__new__, kind)  # half the time of `_make`, and a tree has millions


def _plain_scope(scope: Scope) -> tuple[object, ...]:
    decorators = [tuple(one) for one in scope.decorators]
    return (*scope[:5], decorators, [tuple(one) for one in scope.parameters], *scope[7:])


_MAKERS: tuple[Any, ...] = (_maker(Scope), _maker(Call), _maker(Parameter))


def _scope(plain: tuple[Any, ...]) -> Scope:
    name, kind, parent, line, end, decorators, parameters, returns, bases = plain
    scope, call, parameter = _MAKERS
    held = tuple(map(call, decorators)), tuple(map(parameter, parameters))
    made: Scope = scope((name, kind, parent, line, end, *held, returns, bases))
    return made


def encode_marks(marks: Sequence[Mark]) -> bytes:
    """Return the marks as bytes; the reverse of `decode_marks`."""
    return marshal.dumps([tuple(one) for one in marks])


def decode_marks(data: bytes) -> tuple[Mark, ...]:
    """Return the marks that `encode_marks` made; raises ValueError, EOFError or TypeError when damaged."""
    return tuple(map(Mark._make, marshal.loads(data)))  # noqa: S302 - our own cache, checked by its digest
