"""The least requests that show a fault: parts are left out, and long texts shortened, while it still shows.

A play costs a fork of the service, so many candidates are asked in one fork first; what one of
them left behind may mislead the next, and so whatever is taken is seen to show alone.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence

from guardrails.gates.contract.replay.witness import Spent
from guardrails.model.frozen import replace
from guardrails.model.ports import Request, Step, Use

_ROUNDS = 8
_AT_ONCE = 60
_LONG = 12
_READS = ("GET", "HEAD")
Steps = Sequence[Step]
Many = Callable[[Sequence[Steps]], Sequence[bool]]
Alone = Callable[[Steps], bool]
Path = tuple[str | int, ...]
Part = tuple[int, str, Path]


def least(steps: Steps, many: Many, alone: Alone) -> tuple[Step, ...]:
    """Return the steps with all parts left out, and texts shortened, that the fault does not need.

    `many` says of several scripts, asked one after the other in one state, which show it; `alone`
    says it of one from a fresh state. Either may raise Spent: what was found until then is returned.
    """
    best = [tuple(steps)]
    refused: set[tuple[Step, ...]] = set()

    def shows(fewer: Steps) -> bool:
        is_shown = tuple(fewer) not in refused and alone(fewer)
        if is_shown:
            best[0] = tuple(fewer)
        else:
            refused.add(tuple(fewer))
        return is_shown

    def all_shown(scripts: Sequence[Steps]) -> Sequence[bool]:
        shown = many(scripts)
        # Nothing came before the first, and a lone read leaves nothing behind: they are not asked again.
        sure = (index == 0 or _is_read(one) for index, one in enumerate(scripts))
        refused.update(
            tuple(one)
            for one, is_sure, says in zip(scripts, sure, shown, strict=True)
            if is_sure and not says
        )
        return shown

    with contextlib.suppress(Spent):
        _without_spare(best[0], all_shown, shows)
        _one_by_one(best[0], shows)
        before = best[0]
        _with_short_texts(before, all_shown, shows)
        if best[0] != before:
            _one_by_one(best[0], shows)
    return best[0]


def _is_read(steps: Steps) -> bool:
    return len(steps) == 1 and steps[0].request.method in _READS


def _without_spare(steps: tuple[Step, ...], many: Many, alone: Alone) -> None:
    found = steps
    for _ in range(_ROUNDS):
        parts = parts_of(found)
        spare: list[Part] = []
        for start in range(0, len(parts) if len(parts) > 1 else 0, _AT_ONCE):
            group = parts[start : start + _AT_ONCE]
            shown = many([without(found, {part}) for part in group])
            spare += [part for part, shows in zip(group, shown, strict=True) if shows]
        fewer = without(found, _together(found, spare, alone))
        if fewer == found:
            break
        found = fewer


def parts_of(steps: Steps) -> list[Part]:
    """Return what can be left out of requests: bodies, headers, parts of queries, members at any depth."""
    found: list[Part] = []
    for index, step in enumerate(steps):
        request = step.request
        names = [name for name, _ in request.headers if name != "content-type" or not request.body]
        found += [(index, "body", ())] if request.body else []
        found += [(index, "header", (name,)) for name in dict.fromkeys(names)]
        found += [(index, "query", (place,)) for place in range(len(_query(request)))]
        found += [(index, "body", path) for path in _paths(_value(request)) if path]
    return found


def without(steps: Steps, parts: set[Part]) -> tuple[Step, ...]:
    """Return the steps without these parts of their requests."""
    made = []
    for index, step in enumerate(steps):
        mine = {(kind, path) for place, kind, path in parts if place == index}
        made.append(_reduced(step, mine) if mine else step)
    return tuple(made)


def joined(scripts: Sequence[Steps]) -> tuple[Step, ...]:
    """Return the steps of several scripts as one script."""
    made: list[Step] = []
    for steps in scripts:
        first = len(made)
        made += [
            Step(
                one.request,
                tuple(Use(use.placeholder, use.step + first, use.pointer) for use in one.uses),
            )
            for one in steps
        ]
    return tuple(made)


def _together(steps: Steps, parts: Sequence[Part], alone: Alone) -> set[Part]:
    """Return as many of the parts as can go at once, halves tried where not all can."""
    gone: set[Part] = set()

    def drop(group: Sequence[Part]) -> None:
        if group and alone(without(steps, gone | set(group))):
            gone.update(group)
        elif len(group) > 1:
            drop(group[: len(group) // 2])
            drop(group[len(group) // 2 :])

    drop(parts)
    return gone


def _one_by_one(steps: tuple[Step, ...], alone: Alone) -> None:
    found, goes_on = steps, True
    while goes_on:
        goes_on, place, parts = False, 0, parts_of(found)
        while place < len(parts):
            fewer = without(found, {parts[place]})
            if fewer != found and alone(fewer):
                found, goes_on, parts = fewer, True, parts_of(fewer)
            else:
                place += 1


def _with_short_texts(steps: tuple[Step, ...], many: Many, alone: Alone) -> None:
    for _ in range(_ROUNDS):
        candidates = [
            (*steps[:index], shorter, *steps[index + 1 :])
            for index, step in enumerate(steps)
            for shorter in _shorter(step)
        ][:_AT_ONCE]
        if not candidates:
            break
        shown = many(candidates)
        good = [one for one, shows in zip(candidates, shown, strict=True) if shows]
        best = min(good, key=_size, default=None)
        if best is None or not alone(best):
            break
        steps = best


def _size(steps: Steps) -> int:
    return sum(len(one.request.path) + len(one.request.body) for one in steps)


def _shorter(step: Step) -> Iterator[Step]:
    value = _value(step.request)
    for path in _paths(value):
        text = _at(value, path)
        if isinstance(text, str) and len(text) > _LONG:
            for one in (text[: len(text) // 2], text[len(text) // 2 :], text[:-1]):
                yield _with_body(step, _changed(value, path, one))


def _reduced(step: Step, parts: set[tuple[str, Path]]) -> Step:
    request = step.request
    headers = tuple(pair for pair in request.headers if ("header", (pair[0],)) not in parts)
    kept = [one for place, one in enumerate(_query(request)) if ("query", (place,)) not in parts]
    path = request.path.partition("?")[0] + ("?" + "&".join(kept) if kept else "")
    bare = _used(Step(replace(request, headers=headers, path=path), step.uses))
    if ("body", ()) in parts:
        return _used(Step(replace(bare.request, body=b""), bare.uses))
    paths = {path for kind, path in parts if kind == "body"}
    return _with_body(bare, _pruned(_value(request), (), paths)) if paths else bare


def _with_body(step: Step, value: object) -> Step:
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return _used(Step(replace(step.request, body=body), step.uses))


def _used(step: Step) -> Step:
    """Return the step with those of its uses that its request still has a place for."""
    text = step.request.path + step.request.body.decode("utf-8", "replace")
    return Step(step.request, tuple(use for use in step.uses if use.placeholder in text))


def _query(request: Request) -> list[str]:
    query = request.path.partition("?")[2]
    return query.split("&") if query else []


def _value(request: Request) -> object:
    """Return the body as JSON, None for what is none."""
    try:
        found: object = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return found


def _paths(value: object, place: Path = ()) -> Iterator[Path]:
    """Yield the place of everything in a value, wholes before their parts."""
    yield place
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _paths(one, (*place, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _paths(one, (*place, index))


def _at(value: object, path: Path) -> object:
    for key in path:
        value = value[key] if isinstance(value, dict | list) else None  # type: ignore[index]  # a path of this value
    return value


def _pruned(value: object, place: Path, gone: set[Path]) -> object:
    if isinstance(value, dict):
        return {
            name: _pruned(one, (*place, name), gone)
            for name, one in value.items()
            if (*place, name) not in gone
        }
    if isinstance(value, list):
        kept = [(index, one) for index, one in enumerate(value) if (*place, index) not in gone]
        return [_pruned(one, (*place, index), gone) for index, one in kept]
    return value


def _changed(value: object, path: Path, new: object) -> object:
    if not path:
        return new
    if isinstance(value, dict):
        return {name: _changed(one, path[1:], new) if name == path[0] else one for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, path[1:], new) if index == path[0] else one for index, one in enumerate(value)]
    return value
