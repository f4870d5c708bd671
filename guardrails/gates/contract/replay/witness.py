"""The shortest way to see a difference: steps are left out while it still shows, each from a fresh state."""

import contextlib
import re
import shlex
from collections.abc import Callable, Sequence

from guardrails.analysis.replay.difference import Difference
from guardrails.model.evidence import Witness
from guardrails.model.ports import Request, Response, Silence, Step

PLACEHOLDER = "guardrailsuse"
_LONGEST = 8000
_SHOWN = 1500
_GLOBS = re.compile(r"[\[\]{}]")
_DOTS = re.compile(r"/\.\.?(?=[/?]|$)")
_PLAIN = re.compile(r"[ !#-&(-\[\]-~]")
_HIDDEN = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"})
_SECRET_FIELD = re.compile(
    r'(?i)("[^"]*(?:password|passwd|secret|token|api_?key|credential)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,}\]]+)'
)


class Spent(Exception):
    """Enough was asked for one witness: what was found until then is shown."""


def shortened(steps: Sequence[Step], index: int, shows: Callable[[Sequence[int]], bool]) -> list[int]:
    """Return the fewest steps, by their places, the one at `index` last, with which the fault still `shows`.

    `shows` may raise Spent: what was found until then is returned.
    """
    best = [[*range(index + 1)]]

    def still(kept: Sequence[int]) -> bool:
        is_shown = shows(kept)
        if is_shown:
            best[0] = [*kept]
        return is_shown

    with contextlib.suppress(Spent):
        _shorten(steps, index, still)
    return best[0]


def _shorten(steps: Sequence[Step], index: int, shows: Callable[[Sequence[int]], bool]) -> None:
    whole = [*range(index + 1)]
    needed = _closed(steps, [index])
    if len(needed) <= index and shows(needed):
        whole = needed
    size = len(whole) // 2
    while size:
        before, start = len(whole), 0
        while start < len(whole) - 1:
            fewer = _closed(steps, [*whole[:start], *whole[min(start + size, len(whole) - 1) :]])
            if len(fewer) < len(whole) and shows(fewer):
                whole = fewer
            else:
                start += size
        # The last round goes on until no single step can go.
        size = 1 if size == 1 and len(whole) < before else size // 2


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
    """Return the requests as shell lines, with what base and head answer to the last one."""
    place = found.place or "body"
    return Witness(
        shell_of(steps),
        f"{place} is {redacted(found.base)}: {said(base[-1])}",
        f"{place} is {redacted(found.head)}: {said(head[-1])}",
    )


def shell_of(steps: Sequence[Step]) -> str:
    """Return the requests as lines of shell, what one answer gives to a later request in variables."""
    wanted = {(use.step, use.pointer) for step in steps for use in step.uses}
    names = {one: f"v{number}" for number, one in enumerate(sorted(wanted))}
    lines = []
    for index, step in enumerate(steps):
        line = curl_of(step.request)
        for use in step.uses:
            line = line.replace(use.placeholder, f"'\"${names[(use.step, use.pointer)]}\"'")
        given = [(pointer, name) for (place, pointer), name in names.items() if place == index]
        if given:
            line = f"a{index}=$({line})"
        for pointer, name in given:
            line += f"; {name}=$(jq -r '{_path_of(pointer)}' <<<\"$a{index}\")"
        lines.append(line)
    return "\n".join(lines)[-_LONGEST:]


def _path_of(pointer: str) -> str:
    """Return a JSON pointer as jq writes it."""
    steps = [one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]]
    return (
        "".join(f"[{one}]" if one.isdecimal() else f'["{one}"]' for one in steps).replace("[", ".[", 1) or "."
    )


def curl_of(request: Request) -> str:
    """Return the request as a curl command line for bash, secrets hidden."""
    words = ["curl", "-I"] if request.method == "HEAD" else ["curl", "-X", request.method]
    if _GLOBS.search(request.path):
        words.append("-g")
    if _DOTS.search(request.path):
        words.append("--path-as-is")
    for name, value in request.headers:
        words += ["-H", f"{name}: {'[hidden]' if name in _HIDDEN else value}" if value else f"{name};"]
    if request.body and "content-type" not in dict(request.headers):
        words += ["-H", "content-type:"]  # else curl says that it sends a form
    quoted = [_quoted(word) for word in words]
    if request.body:
        quoted += ["--data-raw", _quoted_bytes(request.body)]
    return " ".join([*quoted, _quoted(f"http://localhost{request.path}")])


def _quoted(word: str) -> str:
    # In quotes even where none are needed, so that a variable can stand in the middle.
    return "'" + word.replace("'", "'\\''") + "'" if PLACEHOLDER in word else shlex.quote(word)


def _quoted_bytes(body: bytes) -> str:
    """Return a body as bash reads it back to the byte; secrets in it are hidden."""
    try:
        return _quoted(redacted(body.decode()))
    except UnicodeDecodeError:
        text = redacted(body.decode("latin-1"))
        return "$'" + "".join(one if _PLAIN.match(one) else f"\\x{ord(one):02x}" for one in text) + "'"


def said(answer: Response | Silence) -> str:
    """Return an answer as one short text, secrets hidden."""
    if isinstance(answer, Silence):
        return answer.reason
    text = redacted(answer.body.decode("utf-8", "backslashreplace"))
    return f"{answer.status} {text[:_SHOWN]}" + ("..." if len(text) > _SHOWN else "")


def redacted(text: str) -> str:
    """Return the text with the values of fields that are secret by name hidden."""
    return _SECRET_FIELD.sub(r'\1"[hidden]"', text)
