"""Requests at the boundaries of an operation's document, made by schemathesis and sent by us.

Only its generators are used, behind this one file: it makes the cases in our process, from the
document alone, and each becomes one plain request that can be sent to any server, twice.
"""

import json
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from guardrails.analysis.openapi.documents import Document
from guardrails.model.errors import CannotJudge, ToolMissing
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request

if TYPE_CHECKING:
    from schemathesis.generation.case import Case
    from schemathesis.schemas import APIOperation

_TARGET = re.compile(r"[!-~]+")
_HEADER = re.compile(r"[\x20-\x7e\t]*")
_OURS = frozenset({"user-agent", "accept-encoding", "connection", "accept", "content-length"})
_SEED_BITS = 1 << 64


@frozen
class Probe:
    """One request to one operation; `is_forbidden` tells that its document says that it is refused."""

    method: str
    path: str
    request: Request
    is_forbidden: bool
    about: str


class Probes:
    """Makes the probes of one document, the same ones for the same seed."""

    def __init__(self, document: Document, seed: int) -> None:
        """Load the document; raises CannotJudge where schemathesis cannot, ToolMissing without it."""
        try:
            import schemathesis  # noqa: PLC0415 - half a second that only a run of the fuzz pays
            from schemathesis.config import SchemathesisConfig  # noqa: PLC0415 - as above
            from schemathesis.core.result import Ok  # noqa: PLC0415 - as above
        except ImportError as error:
            raise ToolMissing(
                "schemathesis is not installed; install guardrails-harness with its `contract` extra"
            ) from error
        self._seed = seed % _SEED_BITS
        try:
            loaded = schemathesis.openapi.from_dict(
                json.loads(json.dumps(document.root)), config=SchemathesisConfig(seed=self._seed)
            )
            found = list(loaded.get_all_operations())
        except (schemathesis.errors.LoaderError, ValueError, TypeError) as error:
            raise CannotJudge(
                f"{document.name}: schemathesis cannot read it: {str(error)[:200]!a}"
            ) from error
        self._operations: dict[tuple[str, str], APIOperation[Any, Any, Any, Any]] = {}
        for one in found:
            if isinstance(one, Ok):
                operation = one.ok()
                self._operations[(operation.method.lower(), operation.path)] = operation

    def of(self, method: str, path: str, most: int, at_random: int) -> tuple[list[Probe], bool]:
        """Return at most `most` probes of an operation, allowed ones first, and whether some were left out.

        Where there are too many, those that stay are spread over all of them: neighbours are alike.
        """
        operation = self._operations.get((method, path))
        if operation is None:
            return [], False
        bounds = list({one.request: one for one in self._at_boundaries(operation)}.values())
        allowed = [one for one in bounds if not one.is_forbidden]
        forbidden = [one for one in bounds if one.is_forbidden]
        share = min(len(allowed) + at_random, max(most * 2 // 3, most - len(forbidden)))
        # To draw one costs more than to send it: no more are drawn than are sent.
        drawn = -(-share * at_random // (len(allowed) + at_random)) if share and at_random else 0
        known = {one.request for one in bounds}
        random = {one.request: one for one in self._at_random(operation, drawn) if one.request not in known}
        kept = [*_spread(allowed, max(0, share - len(random))), *random.values()]
        kept += _spread(forbidden, most - len(kept))
        return kept, drawn < at_random or len(kept) < len(bounds) + len(random)

    def _at_boundaries(self, operation: "APIOperation[Any, Any, Any, Any]") -> Iterator[Probe]:
        from schemathesis.generation import GenerationMode  # noqa: PLC0415 - as above

        settings = operation.schema.config.generation_for(operation=operation, phase="coverage")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cases = operation.schema.iter_coverage_cases(
                operation, generation_modes=list(GenerationMode), generation_config=settings
            )
            yield from self._probes(cases)

    def _at_random(self, operation: "APIOperation[Any, Any, Any, Any]", number: int) -> Iterator[Probe]:
        if number <= 0:
            return
        import hypothesis  # noqa: PLC0415 - as above
        from hypothesis.errors import HypothesisException  # noqa: PLC0415 - as above

        cases: list[Case[Any]] = []

        @hypothesis.seed(self._seed)
        @hypothesis.settings(
            max_examples=number,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(operation.as_strategy())
        def collect(case: "Case[Any]") -> None:
            cases.append(case)

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                collect()
        except HypothesisException:
            return  # nothing at all satisfies the document; the boundaries still do their part
        yield from self._probes(cases)

    def _probes(self, cases: "Iterable[Case[Any]]") -> Iterator[Probe]:
        from schemathesis.generation.meta import CONTENT_TYPE_PROBES, coverage_scenario  # noqa: PLC0415 - as above

        for case in cases:
            request = _request(case)
            if request is None or case.method.lower() != case.operation.method.lower():
                continue
            meta = case.meta
            negative = meta is not None and meta.generation.mode.value == "negative"
            # What a service does with a content type that nobody declared is not for the document to say.
            forbidden = negative and coverage_scenario(case) not in CONTENT_TYPE_PROBES
            about = getattr(meta.phase.data, "description", None) if meta is not None else None
            yield Probe(
                case.operation.method.lower(), case.operation.path, request, forbidden, str(about or "random")
            )


def _spread(probes: list[Probe], most: int) -> list[Probe]:
    if len(probes) <= most:
        return probes
    return [probes[index * len(probes) // most] for index in range(most)]


def _request(case: "Case[Any]") -> Request | None:
    """Return the case as it goes over the wire, None where HTTP cannot carry it."""
    import requests  # noqa: PLC0415 - it comes with schemathesis and costs as much

    try:
        prepared = requests.Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()
    except (ValueError, TypeError, UnicodeError, requests.RequestException):
        return None
    body = prepared.body or b""
    headers = tuple(
        (name.lower(), value if isinstance(value, str) else value.decode("latin-1"))
        for name, value in sorted(prepared.headers.items())
        if name.lower() not in _OURS and not name.lower().startswith("x-schemathesis")
    )
    target = prepared.path_url
    sound = _TARGET.fullmatch(target) and all(_HEADER.fullmatch(value) for _, value in headers)
    if not sound or not isinstance(body, str | bytes):
        return None
    return Request(
        method=prepared.method or "GET",
        path=target,
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
    )
