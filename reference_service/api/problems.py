"""Errors as application/problem+json (RFC 9457), for every status, without echoing what was sent."""

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reference_service.api.responses import Message
from reference_service.logs import note

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 16
LONGEST_TEXT = 200
# RFC 9110's names: those of http.HTTPStatus differ between Python versions.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class FieldError(Message):
    """One thing that is wrong with a request, and where."""

    at: Annotated[str, Field(max_length=LONGEST_TEXT, description="Path of the field, parted by dots.")]
    message: Text


class Problem(Message):
    """An error, as RFC 9457 has it."""

    type: Literal["about:blank"] = "about:blank"
    title: Text
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Text
    request_id: Annotated[str, Field(max_length=64)]
    errors: Annotated[list[FieldError], Field(max_length=MOST_ERRORS)]


class NotReady(HTTPException):
    """The service is starting or stopping; the caller should try another replica."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, "not ready", {"Retry-After": "1"})


class Busy(HTTPException):
    """The service is overloaded, and the request is not one that it could answer with what is popular."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "overloaded, and this request is not plainly valid; send it again later",
            {"Retry-After": "1"},
        )


def install_problems(app: FastAPI) -> None:
    """Answer every error of this app as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _broken)


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: HTTPException) -> None:
    """Answer with this refusal from outside of the app's own error handling."""
    await _refused(Request(scope), refusal)(scope, receive, send)


def request_id_of(request: Request) -> str:
    """Return the id that the envelope gave this request."""
    request_id: str = request.state.request_id
    return request_id


def _invalid(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        FieldError(at=_path(fault["loc"]), message=str(fault["msg"])[:LONGEST_TEXT])
        for fault in faults[:MOST_ERRORS]
    ]
    return _problem(request, 422, f"{len(faults)} field(s) of the request are wrong", errors)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _broken(request, error)
    response = _problem(request, error.status_code, str(error.detail)[:LONGEST_TEXT])
    response.headers.update(error.headers or {})
    return response


def _broken(request: Request, error: Exception) -> Response:
    note("request_failed", level=logging.ERROR, request_id=request_id_of(request), failure=error)
    return _problem(request, 500, "the service failed; its log has the cause under this request id")


def _path(location: Sequence[str | int]) -> str:
    # ASCII, because an unknown field's name is the client's and may hold lone surrogates.
    text = ".".join(str(step) for step in location)
    return text.encode("ascii", "backslashreplace").decode()[:LONGEST_TEXT]


def _problem(request: Request, status: int, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    request_id = request_id_of(request)
    problem = Problem(
        title=TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        errors=list(errors),
    )
    return Response(
        json.dumps(problem.model_dump()), status, {"X-Request-ID": request_id}, media_type=MEDIA_TYPE
    )
