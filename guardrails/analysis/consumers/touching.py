"""Which consumers a difference touches: those that read, or send, the field that it is about."""

import re
from collections.abc import Iterator, Sequence

from guardrails.analysis.consumers.reading import Consumer, UsedOperation

_VARIABLE = re.compile(r"\{[^{}]*\}")


def readers(consumers: Sequence[Consumer], operation: str, pointer: str) -> list[Consumer]:
    """Return who reads the field of the operation's answer, or something in it; all users for the whole answer."""
    return [
        one
        for one in consumers
        if any(
            not pointer or any(touches(read, pointer) for read in use.reads) for use in using(one, operation)
        )
    ]


def senders(consumers: Sequence[Consumer], operation: str, pointer: str) -> list[Consumer]:
    """Return who sends the field in requests to the operation; all users for the whole request."""
    return [
        one
        for one in consumers
        if any(
            not pointer or any(touches(sent, pointer) for sent in use.sends) for use in using(one, operation)
        )
    ]


def lacking(consumers: Sequence[Consumer], operation: str, pointer: str) -> list[Consumer]:
    """Return who asks the operation without sending the field."""
    return [
        one
        for one in consumers
        if any(not any(touches(sent, pointer) for sent in use.sends) for use in using(one, operation))
    ]


def using(consumer: Consumer, operation: str) -> Iterator[UsedOperation]:
    """Yield the consumer's uses of an operation; names of path variables, or values in their place, are alike."""
    method, _, path = operation.partition(" ")
    pattern = re.compile("[^/]+".join(map(re.escape, _VARIABLE.split(path))))
    for use in consumer.uses:
        used_method, _, used_path = use.operation.partition(" ")
        if used_method == method and (used_path == path or pattern.fullmatch(used_path)):
            yield use


def touches(used: str, changed: str) -> bool:
    """Whether a used pointer is the changed one or lies in it; `*` stands for any step on either side."""
    mine, theirs = used.split("/"), changed.split("/")
    if len(mine) < len(theirs):
        return False
    return all(one == other or "*" in {one, other} for one, other in zip(mine, theirs, strict=False))
