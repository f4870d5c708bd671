"""The OpenAPI document, made honest: errors are problem+json, and the headers of middleware are described."""

from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from reference_service.api.problems import MEDIA_TYPE
from reference_service.resilience.deadline import HEADER, LEAST_MS, MOST_MS

DEADLINE: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Milliseconds that the caller will wait. What cannot be ranked by then is answered at once with"
    " what is popular, under every hard constraint, as `degraded`.",
    "schema": {"type": "integer", "minimum": LEAST_MS, "maximum": MOST_MS},
}


def describe(app: FastAPI) -> dict[str, Any]:  # Any: FastAPI's own type of an OpenAPI document
    """Return the document of what this app accepts and answers."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for path in document["paths"].values():
        for operation in path.values():
            if "ranking" in operation["tags"]:
                operation["parameters"] = [deepcopy(DEADLINE)]
            for status, response in operation["responses"].items():
                response["headers"] = {"X-Request-ID": {"schema": {"type": "string", "maxLength": 64}}}
                if int(status) >= HTTPStatus.BAD_REQUEST:
                    response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}
    return document
