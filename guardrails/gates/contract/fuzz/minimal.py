"""Smaller requests that show the same fault: parts are left out and shortened while it still shows."""

import json
from collections.abc import Callable, Iterator, Sequence

from guardrails.model.frozen import replace
from guardrails.model.ports import Request, Step

_ROUNDS = 12
_AT_ONCE = 48
Shows = Callable[[Sequence[Step]], Sequence[bool]]


def reduced(step: Step, shows: Shows) -> Step:
    """Return the smallest step found with which the fault still shows.

    `shows` is asked for many candidates at once, since each play of a service costs a fork.
    """
    for _ in range(_ROUNDS):
        smaller = list(_smaller(step))[:_AT_ONCE]
        if not smaller:
            break
        good = [one for one, still in zip(smaller, shows(smaller), strict=True) if still]
        if not good:
            break
        step = min(good, key=_size)
    return step


def _size(step: Step) -> int:
    request = step.request
    return (
        len(request.path) + len(request.body) + sum(len(name) + len(value) for name, value in request.headers)
    )


def _smaller(step: Step) -> Iterator[Step]:
    request = step.request
    for index, (name, _) in enumerate(request.headers):
        if name != "content-type" or not request.body:
            yield _with(
                step, replace(request, headers=request.headers[:index] + request.headers[index + 1 :])
            )
    path, _, query = request.path.partition("?")
    parts = query.split("&") if query else []
    for index in range(len(parts)):
        rest = "&".join(parts[:index] + parts[index + 1 :])
        yield _with(step, replace(request, path=f"{path}?{rest}" if rest else path))
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return
    for one in _parts(value):
        yield _with(
            step, replace(request, body=json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        )


def _with(step: Step, request: Request) -> Step:
    text = request.path + request.body.decode("utf-8", "replace")
    return Step(request, tuple(use for use in step.uses if use.placeholder in text))


def _parts(value: object) -> Iterator[object]:
    """Yield the value with one part left out or shortened."""
    if isinstance(value, dict):
        for name in value:
            yield {key: one for key, one in value.items() if key != name}
        for name, one in value.items():
            yield from ({**value, name: smaller} for smaller in _parts(one))
    elif isinstance(value, list):
        if len(value) > 2:  # noqa: PLR2004 - halves first
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for index in range(min(len(value), 8)):
            yield value[:index] + value[index + 1 :]
        for index, one in enumerate(value[:4]):
            yield from ([*value[:index], smaller, *value[index + 1 :]] for smaller in _parts(one))
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
        yield value[len(value) // 2 :]
        yield value[:-1]
        yield value[1:]
