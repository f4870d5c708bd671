"""Whether an answer is one that a document allows to the request, and what is wrong with it if not."""

import json
import re

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.media import content_of, covering, schema_of
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.analysis.openapi.schemas.normal import Side, Universe
from guardrails.analysis.openapi.schemas.validators import Validators
from guardrails.analysis.openapi.values import Json, members
from guardrails.gates.contract import rules
from guardrails.gates.contract.requests import Probe
from guardrails.model.frozen import frozen
from guardrails.model.ports import Response
from guardrails.model.rule import Rule

CRASH_HEADER = "x-guardrails-crash"
_LINE = re.compile(r":\d+(?= in )")
_INDEX = re.compile(r"/\d+(?=/|$)")
_SERVER_ERRORS = 500
_CLIENT_ERRORS = 400
_SUCCESSES = range(200, 300)
_BODILESS = (204, 304)


@frozen
class Problem:
    """What is wrong with an answer: the rule it breaks, the cause that groups it with others, and a sentence.

    Neither holds a value that may differ from run to run.
    """

    rule: Rule
    cause: str
    sentence: str


class Judge:
    """Judges answers by one document."""

    def __init__(self, document: Document) -> None:
        self._operations = {
            (one.method, one.path): one for one in operations_of(document) if one.kind == "path"
        }
        self._document = document
        self._universe = Universe(document, Side.TARGET, request=False)
        self._validators = Validators(self._universe)

    def knows(self, probe: Probe) -> bool:
        """Whether the document has the probe's operation."""
        return (probe.method, probe.path) in self._operations

    def problem(self, probe: Probe, answer: Response | None) -> Problem | None:
        """Return what is wrong with an answer to a probe; None for the answer means that there was none."""
        if answer is None:
            return Problem(rules.SERVER_ERROR, "no answer", "gives no answer in time")
        operation = self._operations[(probe.method, probe.path)]
        headers = dict(reversed(answer.headers))
        if CRASH_HEADER in headers or answer.status >= _SERVER_ERRORS:
            return _server_error(operation, answer, headers.get(CRASH_HEADER, ""))
        return self._nonconforming(operation, answer, headers)

    def leniency(self, probe: Probe, answer: Response | None) -> Problem | None:
        """Return that a probe was accepted which its document forbids, if so."""
        if answer is None or not probe.is_forbidden or answer.status not in _SUCCESSES:
            return None
        cause = f"accepts {probe.about}"
        sentence = f"accepts what its document forbids: {ascii(probe.about)[1:-1]}"
        return Problem(rules.LENIENT, cause, sentence)

    def _nonconforming(
        self, operation: Operation, answer: Response, headers: dict[str, str]
    ) -> Problem | None:
        responses = operation.responses()
        status = str(answer.status)
        known = next((one for one in (status, f"{status[0]}XX", "default") if one in responses), None)
        if known is None:
            rule = rules.NONCONFORMING if answer.status < _CLIENT_ERRORS else rules.UNDOCUMENTED
            return Problem(
                rule, f"status {status}", f"answers with status {status}, which its document does not list"
            )
        return self._of_headers(status, responses[known], headers) or self._of_content(
            operation, answer, responses[known], headers
        )

    def _of_content(
        self, operation: Operation, answer: Response, response: dict[str, Json], headers: dict[str, str]
    ) -> Problem | None:
        status = str(answer.status)
        contents = content_of(response)
        if not contents or answer.status in _BODILESS or operation.method == "head":
            return None
        media = headers.get("content-type", "").lower().replace(" ", "")
        match = covering(media, contents)
        if match is None:
            return Problem(
                rules.NONCONFORMING,
                f"{status} content type",
                f"answers {status} as {ascii(media)[1:-1] or 'nothing'}, not as {', '.join(sorted(contents))}",
            )
        if "json" not in media:
            return None
        return self._body(status, schema_of(contents[match]), answer.body)

    def _of_headers(self, status: str, response: dict[str, Json], headers: dict[str, str]) -> Problem | None:
        missing, odd = _missing_header(response, headers), self._odd_header(response, headers)
        if missing:
            sentence = (
                f"answers {status} without the header {ascii(missing)[1:-1]}, which its document requires"
            )
            return Problem(rules.NONCONFORMING, f"{status} without header {missing}", sentence)
        if odd:
            sentence = f"answers {status} with a header {ascii(odd)[1:-1]} that breaks its schema"
            return Problem(rules.NONCONFORMING, f"{status} header {odd}", sentence)
        return None

    def _odd_header(self, response: dict[str, Json], headers: dict[str, str]) -> str:
        """Return the first header whose text is no value of its schema, empty for none."""
        for name, raw in members(response.get("headers")).items():
            text = headers.get(name.lower())
            schema = self._document.resolved(raw).get("schema")
            if text is None or not isinstance(schema, dict):
                continue
            node = self._universe.node(schema)
            readings = [text, *_readings(text)]
            if self._validators.can_judge((node,)) and not any(
                self._validators.accepts((node,), one) for one in readings
            ):
                return name.lower()
        return ""

    def _body(self, status: str, schema: object, body: bytes) -> Problem | None:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return Problem(
                rules.NONCONFORMING, f"{status} not JSON", f"answers {status} with a body that is no JSON"
            )
        node = self._universe.node(schema if isinstance(schema, dict | bool) else {})
        if self._validators.accepts((node,), value):
            return None
        if not self._validators.can_judge((node,)):
            return None
        worst = self._validators.refusals((node,), value)[0]
        place = _INDEX.sub("/*", worst.pointer) or "/"
        cause = f"{status} {worst.keyword} at {place}"
        sentence = f"answers {status} with a body that breaks `{worst.keyword}` at {ascii(place)[1:-1]}"
        return Problem(rules.NONCONFORMING, cause, sentence)


def _missing_header(response: dict[str, Json], headers: dict[str, str]) -> str:
    for name, raw in members(response.get("headers")).items():
        if members(raw).get("required") is True and name.lower() not in headers:
            return name.lower()
    return ""


def _readings(text: str) -> list[Json]:
    """Return what the text of a header spells besides itself: a number, or a truth."""
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return [value] if isinstance(value, bool | int | float) else []


def _server_error(operation: Operation, answer: Response, crash: str) -> Problem | None:
    if crash:
        place = _LINE.sub("", crash)
        return Problem(rules.SERVER_ERROR, place, f"crashes: {ascii(place)[1:-1]}")
    status = str(answer.status)
    if any(one in operation.responses() for one in (status, f"{status[0]}XX")):
        return None
    return Problem(rules.SERVER_ERROR, f"status {status}", f"answers with status {status}")
