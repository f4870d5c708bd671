"""What is wrong with an answer in view of those before it, or of who asked: state and access."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, unquote

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import listed, members
from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Problem
from guardrails.gates.contract.fuzz.acts import Act
from guardrails.model.ports import Request, Response, Silence
from guardrails.payload.binding import MISSING, bound, value_at

_GOOD = range(200, 300)
_GONE = (404, 410)
_CREATED = 201
WRONG = "guardrails-wrong"
Answers = Sequence[Response | Silence]


class Sequences:
    """Judges whole acts by one document."""

    def __init__(self, document: Document, operations: Sequence[Operation]) -> None:
        self._document = document
        self._secured = {
            f"{one.method.upper()} {one.path}": found
            for one in operations
            if (found := _credentials(document, one))
        }

    def problems(self, act: Act, answers: Answers) -> Iterator[tuple[int, Problem]]:
        """Yield what is wrong with answers of an act, by the place of the step."""
        deleted: dict[str, int] = {}
        for index, (line, answer) in enumerate(zip(act.script.lines, answers, strict=True)):
            if isinstance(answer, Silence):
                continue
            request = _filled(act, index, answers)
            path = unquote(request.path.partition("?")[0])
            if answer.status in _GOOD and self._is_let_in(line.operation, request):
                yield (
                    index,
                    Problem(
                        rules.UNAUTHORISED,
                        "no credentials",
                        "serves a request without the credentials that its document asks for",
                    ),
                )
            yield from ((index, one) for one in _of_state(act, index, answers, deleted, path))
            if request.method == "DELETE" and answer.status in _GOOD:
                deleted[path] = index
            elif request.method in {"PUT", "POST"} and answer.status in _GOOD:
                deleted.pop(path, None)

    @property
    def secured(self) -> frozenset[str]:
        """The operations that cannot be asked without credentials, as `METHOD /path`."""
        return frozenset(self._secured)

    def wrong_credentials(self) -> dict[str, str]:
        """Return headers with credentials that nobody gave out."""
        places = {one for wanted in self._secured.values() for one in wanted if one[0] == "header"}
        return {name: f"Bearer {WRONG}" if name == "authorization" else WRONG for _, name in sorted(places)}

    def _is_let_in(self, operation: str, request: Request) -> bool:
        """Whether the operation asks for credentials and the request holds none of them."""
        wanted = self._secured.get(operation)
        if not wanted:
            return False
        sent = {("header", name.lower()) for name, value in request.headers if WRONG not in value}
        query = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)
        sent |= {("query", name) for name, value in query if WRONG not in value}
        cookies = dict(request.headers).get("cookie", "")
        sent |= {("cookie", part.partition("=")[0].strip()) for part in cookies.split(";")}
        return not wanted & sent


def _of_state(
    act: Act, index: int, answers: Answers, deleted: Mapping[str, int], path: str
) -> Iterator[Problem]:
    line, answer = act.script.lines[index], answers[index]
    request = line.step.request
    if not isinstance(answer, Response) or request.method not in {"GET", "PUT", "PATCH", "DELETE"}:
        return
    if (
        path in deleted
        and answer.status in _GOOD
        and request.method == "GET"
        and line.operation.endswith("}")
    ):
        yield Problem(
            rules.USE_AFTER_DELETE, f"{request.method} after delete", "still serves what was deleted before"
        )
    if answer.status not in _GONE or any(path.startswith(one) for one in deleted):
        return
    in_path = [use for use in line.step.uses if use.placeholder in request.path]
    if (
        in_path
        and len(in_path) == len(line.step.uses)
        and all(_made(answers, use.step, use.pointer) for use in in_path)
    ):
        yield Problem(rules.LOST, "created and not found", "does not find what was created before")


def _made(answers: Answers, step: int, pointer: str) -> bool:
    answer = answers[step]
    return (
        isinstance(answer, Response)
        and answer.status == _CREATED
        and value_at(answer.body, pointer) not in {MISSING, None}
    )


def _filled(act: Act, index: int, answers: Answers) -> Request:
    step = act.script.lines[index].step
    bodies = [one.body if isinstance(one, Response) else b"" for one in answers[:index]]
    uses = [(use.placeholder, use.step, use.pointer) for use in step.uses]
    path, _ = bound(step.request.path, "", uses, bodies)
    return Request(step.request.method, path, step.request.headers)


def _credentials(document: Document, operation: Operation) -> set[tuple[str, str]]:
    """Return the places of the credentials that an operation cannot be asked without."""
    wanted = listed(operation.security())
    if not wanted or any(not members(one) for one in wanted):
        return set()
    schemes = members(members(document.root.get("components")).get("securitySchemes"))
    found = set()
    for requirement in wanted:
        for name in members(requirement):
            scheme = document.resolved(schemes.get(name))
            if scheme.get("type") == "apiKey":
                place, key = str(scheme.get("in")), str(scheme.get("name"))
                found.add((place, key.lower() if place == "header" else key))
            else:
                found.add(("header", "authorization"))
    return found
