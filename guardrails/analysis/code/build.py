"""Facts of a file's bytes: parse, gather, resolve; what cannot be read says so instead of passing."""

import ast
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress

from guardrails.analysis.code.directives import directives_in
from guardrails.analysis.code.facts import Facts, Mark, Rows, facts_of_rows, rows_of
from guardrails.analysis.code.hooks import NO_HOOKS, Hooks
from guardrails.analysis.code.marks import marks_of
from guardrails.analysis.code.reading.gather import Gatherer
from guardrails.analysis.code.reading.resolve import Resolved

LARGEST_SOURCE = 4 << 20
_DEEPEST = 20_000
_DIRECTIVES = 12  # where in the rows they stand


Read = tuple[Rows, tuple[Mark, ...]]


def facts_of(source: bytes) -> Facts:
    """Return the facts of one file; `unparsable` names the reason when there are none."""
    return facts_of_rows(read_rows(source)[0])


def read_source(source: bytes, hooks: Hooks = NO_HOOKS) -> tuple[Facts, tuple[Mark, ...]]:
    """Return the facts of one file and what the local rules mark in it, by one walk."""
    rows, marks = read_rows(source, hooks)
    return facts_of_rows(rows), marks


def read_rows(source: bytes, hooks: Hooks = NO_HOOKS) -> Read:
    """Return the same with the facts as rows, for whoever only keeps them."""
    if len(source) > LARGEST_SOURCE:
        return _unread(f"it is larger than {LARGEST_SOURCE >> 20} MiB")
    rows, marks = _walked(source, hooks)
    spoken = [tuple(one) for one in directives_in(source)]
    return ([*rows[:_DIRECTIVES], spoken, *rows[_DIRECTIVES + 1 :]] if spoken else rows), marks


def _walked(source: bytes, hooks: Hooks) -> Read:
    try:
        module = _parsed(source)
    except (SyntaxError, ValueError, UnicodeError, LookupError) as error:
        return _of_newer_syntax(source, hooks, _reason(error))
    except (RecursionError, MemoryError):
        return _unread("it nests too deep")
    return _gathered(module, hooks)


def _unread(reason: str) -> Read:
    return rows_of(Facts(unparsable=reason)), ()


def _parsed(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # head's invalid escapes are for its own linter to report
        return ast.parse(source)


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno}: {error.msg}"
    return str(error) or type(error).__name__


def _of_newer_syntax(source: bytes, hooks: Hooks, reason: str) -> Read:
    for older in _older_ways(source):
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return _gathered(_parsed(older), hooks)
    return _unread(reason)


def _older_ways(source: bytes) -> Iterator[bytes]:
    # Only what this interpreter cannot read needs either of these, and libcst costs 0.2 s to import.
    from guardrails.analysis.code.reading.declared import declared_the_older_way  # noqa: PLC0415

    declared = declared_the_older_way(source)
    if declared is not None:
        yield declared
    from guardrails.analysis.code.reading.newer import downgraded  # noqa: PLC0415

    older = downgraded(source)
    if older is not None:
        yield older


def _gathered(module: ast.Module, hooks: Hooks) -> Read:
    looks = hooks.load()
    gatherer = Gatherer(looks.noted)
    limit = sys.getrecursionlimit()
    try:
        # Frames of Python code do not use the C stack, so nesting that `ast` could parse can be walked.
        sys.setrecursionlimit(max(limit, _DEEPEST))
        gatherer.gather(module)
        resolved = Resolved(gatherer)
        rows = resolved.rows()
        return rows, marks_of(gatherer, looks, resolved)
    except RecursionError:
        return _unread("it nests too deep")
    finally:
        sys.setrecursionlimit(limit)
