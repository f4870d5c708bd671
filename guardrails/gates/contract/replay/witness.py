"""The shortest way to see a difference: steps are left out while it still shows, each from a fresh state."""

import re
import shlex
from collections.abc import Callable, Sequence

from guardrails.analysis.replay.difference import Difference
from guardrails.gates.contract.replay.scripts import Script
from guardrails.model.evidence import Witness
from guardrails.model.ports import Request, Response, Silence, Step
from guardrails.payload.binding import bound

_LONGEST = 8000
_SHOWN = 1500
_MOST_PLAYS = 24
_HIDDEN = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_SECRET_FIELD = re.compile(
    r'(?i)("[^"]*(?:password|passwd|secret|token|api_?key|credential)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,}\]]+)'
)


def shortened(script: Script, index: int, shows: Callable[[Sequence[Step]], bool]) -> tuple[Step, ...]:
    """Return the fewest steps, the one at `index` last, with which the difference still `shows`."""
    steps = script.steps
    needed = _needed(steps, index)
    tried = [needed, [*range(index + 1)]] if len(needed) <= index else [needed]
    found = next((kept for kept in tried if shows(chosen(steps, kept))), None)
    if found is None:
        return chosen(steps, [*range(index + 1)])
    plays, size = 0, len(found) // 2
    while size and len(found) > 1:
        start = 0
        while start < len(found) - 1 and plays < _MOST_PLAYS:
            fewer = _closed(steps, [*found[:start], *found[min(start + size, len(found) - 1) :]])
            plays += 1
            if len(fewer) < len(found) and shows(chosen(steps, fewer)):
                found = fewer
            else:
                start += size
        size //= 2
    return chosen(steps, found)


def _needed(steps: Sequence[Step], index: int) -> list[int]:
    return _closed(steps, [index])


def _closed(steps: Sequence[Step], kept: Sequence[int]) -> list[int]:
    """Return the kept steps with those whose answers they use."""
    found = set(kept)
    queue = list(kept)
    while queue:
        before = {use.step for use in steps[queue.pop()].uses} - found
        found |= before
        queue += before
    return sorted(found)


def chosen(steps: Sequence[Step], kept: Sequence[int]) -> tuple[Step, ...]:
    """Return the kept steps, their uses pointing at the new places."""
    places = {old: new for new, old in enumerate(kept)}
    return tuple(
        Step(
            steps[old].request,
            tuple(type(use)(use.placeholder, places[use.step], use.pointer) for use in steps[old].uses),
        )
        for old in kept
    )


def witness_of(
    steps: Sequence[Step],
    base: Sequence[Response | Silence],
    head: Sequence[Response | Silence],
    found: Difference,
) -> Witness:
    """Return the requests as curl, with what base and head answer to the last one."""
    lines = [curl_of(request) for request in _filled(steps, base)]
    place = found.place or "body"
    return Witness(
        "\n".join(lines)[-_LONGEST:],
        f"{place} is {redacted(found.base)}: {said(base[-1])}" if base else "",
        f"{place} is {redacted(found.head)}: {said(head[-1])}" if head else "",
    )


def _filled(steps: Sequence[Step], answers: Sequence[Response | Silence]) -> list[Request]:
    bodies = [one.body if isinstance(one, Response) else b"" for one in answers]
    requests = []
    for step in steps:
        uses = [(use.placeholder, use.step, use.pointer) for use in step.uses]
        path, body = bound(step.request.path, step.request.body.decode("latin-1"), uses, bodies)
        requests.append(Request(step.request.method, path, step.request.headers, body.encode("latin-1")))
    return requests


def curl_of(request: Request) -> str:
    """Return the request as a curl command line, secrets hidden."""
    words = ["curl", "-X", request.method]
    for name, value in request.headers:
        words += ["-H", f"{name}: {'[hidden]' if name in _HIDDEN else value}"]
    if request.body:
        words += ["--data-raw", redacted(request.body.decode("utf-8", "backslashreplace"))]
    words.append(f"http://localhost{request.path}")
    return " ".join(shlex.quote(word) for word in words)


def said(answer: Response | Silence) -> str:
    """Return an answer as one short text, secrets hidden."""
    if isinstance(answer, Silence):
        return answer.reason
    text = redacted(answer.body.decode("utf-8", "backslashreplace"))
    return f"{answer.status} {text[:_SHOWN]}" + ("..." if len(text) > _SHOWN else "")


def redacted(text: str) -> str:
    """Return the text with the values of fields that are secret by name hidden."""
    return _SECRET_FIELD.sub(r'\1"[hidden]"', text)
