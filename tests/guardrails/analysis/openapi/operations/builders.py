"""Builders of documents of one operation that differ above the level of schemas."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import Object, document, operation

Pairs = dict[str, tuple[Object, Object, str]]
"""Base, head and the worst level of their differences by name; `kept` is safe or no difference."""
STRING: Object = {"type": "string"}
WHOLE: Object = {"type": "integer"}
LIST: Object = {"type": "array", "items": STRING}
NAMED: Object = {"type": "object", "properties": {"a": STRING, "b": STRING}}
STRICT: Object = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}
OPEN: Object = {"type": "object", "properties": {"a": STRING}}
OK: Object = {"responses": {"200": {"description": ""}}}
CLIENT_FLOW: Object = {"clientCredentials": {"tokenUrl": "https://t", "scopes": {"r": "", "w": ""}}}
SCHEMES: dict[str, Json] = {
    "key": {"type": "apiKey", "in": "header", "name": "K"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "o": {"type": "oauth2", "flows": CLIENT_FLOW},
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://x"},
}


def parameter(name: str = "q", where: str = "query", schema: Object = STRING, **keywords: Json) -> Object:
    """Return a parameter; one of the path is required."""
    needed: Object = {"required": True} if where == "path" else {}
    return {"name": name, "in": where, "schema": schema, **needed, **keywords}


def taking(*parameters: Object, **keywords: Json) -> Object:
    """Return a document whose operation takes the parameters."""
    return document({**OK, "parameters": list[Json](parameters), **keywords})


def sharing(*parameters: Object, op: list[Object] | None = None) -> Object:
    """Return a document whose path item has the parameters, and its operation those of `op`."""
    own: Object = {**OK, "parameters": list[Json](op or [])}
    item: Object = {"post": own, "parameters": list[Json](parameters)}
    return {**document(own), "paths": {"/things/{id}": item}}


def secured(op: Json = None, root: Json = None, sch: Json = None) -> Object:
    """Return a document whose operation, or all of it, needs what the requirements say."""
    own: Object = {} if op is None else {"security": op}
    made = document({**OK, **own}, components={"securitySchemes": SCHEMES if sch is None else sch})
    return made if root is None else {**made, "security": root}


def body(
    media: str = "application/json",
    schema: Object = STRING,
    enc: Json = None,
    *,
    required: bool = True,
    also: tuple[str, ...] = (),
) -> Object:
    """Return a document whose operation takes a body of the media type, with its encoding."""
    content: Object = {media: {"schema": schema, **({} if enc is None else {"encoding": enc})}}
    content.update({name: {"schema": schema} for name in also})
    return document({**OK, "requestBody": {"required": required, "content": content}})


def bodies(content: dict[str, Object]) -> Object:
    """Return a document whose operation takes a body of each media type, by its schema."""
    media: Object = {name: {"schema": schema} for name, schema in content.items()}
    return document({**OK, "requestBody": {"required": True, "content": media}})


def answering(**responses: Json) -> Object:
    """Return a document whose operation answers so."""
    return document({"responses": responses})


def answer(headers: Json = None, content: dict[str, Json] | None = None) -> Object:
    """Return one response."""
    made: Object = {"description": ""}
    if headers is not None:
        made["headers"] = headers
    if content is not None:
        made["content"] = {name: {"schema": one} for name, one in content.items()}
    return made


def webhook(
    schema: Object, params: list[Object] | None = None, answer: Json = None, *, required: bool = True
) -> Object:
    """Return a document whose server sends the schema to its clients."""
    own = reading(schema, responses=answer, required=required)
    if params:
        own["parameters"] = list[Json](params)
    return {"openapi": "3.1.0", "paths": {}, "webhooks": {"e": {"post": own}}}


def calling(own: Object) -> Object:
    """Return a document whose operation calls the client back."""
    return document({**OK, "callbacks": {"done": {"{$request.body#/u}": {"post": own}}}})


def reading(schema: Object, responses: Json = None, *, required: bool = True) -> Object:
    """Return an operation that reads a body."""
    content: Json = {"application/json": {"schema": schema}}
    answers: Json = OK["responses"] if responses is None else responses
    return {"requestBody": {"required": required, "content": content}, "responses": answers}


def versioned(schema: Object, ver: str = "3.0.3", *, answer: bool = False) -> Object:
    """Return a document of that version of OpenAPI."""
    own = operation(answer=schema) if answer else operation(body=schema)
    return {**document(own), "openapi": ver}
