"""Swagger 2.0 documents as OpenAPI 3.0 ones, so that one comparison serves both.

Only what a message consists of is converted: addresses, parameters, bodies, answers, schemas and
security. What Swagger 2 says about documentation stays as it is written.
"""

from collections.abc import Iterable

from guardrails.analysis.openapi.values import Json, Node, listed, members, texts

_COUNTS = "x-guardrails-counts"
_MARK: Json = ["Swagger 2"]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_MOVED = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
_NO_SCHEMA = {"name", "in", "description", "required", "allowEmptyValue", "collectionFormat", "schema"}
_KEPT = {"name", "in", "description", "required", "allowEmptyValue"}
_STYLES: dict[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
_FLOWS = {
    "accessCode": "authorizationCode",
    "application": "clientCredentials",
    "implicit": "implicit",
    "password": "password",
}
_FORM = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"


def converted(root: Node) -> Node:
    """Return an OpenAPI 3.0 document that promises what the Swagger 2.0 document does."""
    return _Conversion(root).document()


def counts(parameter: Node) -> bool:
    """Whether this is a header parameter of Swagger 2 that OpenAPI 3 would pass over."""
    # By identity: an OpenAPI 3 document that writes the same says nothing.
    return parameter.get(_COUNTS) is _MARK


class _Conversion:
    def __init__(self, root: Node) -> None:
        self._root = root
        self._consumes = texts(root.get("consumes")) or ["application/json"]
        self._produces = texts(root.get("produces")) or ["application/json"]

    def document(self) -> Node:
        root = self._root
        components: Node = {
            "schemas": {name: _moved(one) for name, one in members(root.get("definitions")).items()},
            "parameters": {
                name: self._parameter(members(one))
                for name, one in members(root.get("parameters")).items()
                if str(members(one).get("in")) not in {"body", "formData"}
            },
            "responses": {
                name: self._response(members(one), self._produces)
                for name, one in members(root.get("responses")).items()
            },
            "securitySchemes": {
                name: _scheme(members(one)) for name, one in members(root.get("securityDefinitions")).items()
            },
        }
        kept = {
            name: one for name, one in root.items() if name in {"info", "tags", "security", "externalDocs"}
        }
        paths: Node = {path: self._item(members(item)) for path, item in members(root.get("paths")).items()}
        servers: list[Json] = [{"url": url} for url in self._addresses()]
        return {"openapi": "3.0.3", **kept, "servers": servers, "paths": paths, "components": components}

    def _addresses(self, schemes: list[str] | None = None) -> Iterable[str]:
        host, path = self._root.get("host"), self._root.get("basePath")
        path = path if isinstance(path, str) else ""
        if not isinstance(host, str):
            return [path] if path else []
        named = schemes or texts(self._root.get("schemes")) or ["https"]
        return [f"{scheme}://{host}{path}" for scheme in named]

    def _item(self, item: Node) -> Node:
        shared = [members(one) for one in listed(item.get("parameters"))]
        found = {name: one for name, one in item.items() if name not in {*_METHODS, "parameters"}}
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                found[method] = self._operation(members(item[method]), shared)
        return found

    def _operation(self, raw: Node, shared: list[Node]) -> Node:
        own = [self._followed(members(one)) for one in listed(raw.get("parameters"))]
        known = {(str(one.get("name")), str(one.get("in"))) for one in own}
        every = [
            *own,
            *(
                one
                for one in map(self._followed, shared)
                if (str(one.get("name")), str(one.get("in"))) not in known
            ),
        ]
        left_out = {"parameters", "consumes", "produces", "responses", "schemes"}
        made = {name: one for name, one in raw.items() if name not in left_out}
        made["parameters"] = [
            self._parameter(one) for one in every if str(one.get("in")) not in {"body", "formData"}
        ]
        body = self._body(every, texts(raw.get("consumes")) or self._consumes)
        if body:
            made["requestBody"] = body
        if "schemes" in raw:
            made["servers"] = [{"url": url} for url in self._addresses(texts(raw["schemes"]))]
        produces = texts(raw.get("produces")) or self._produces
        made["responses"] = {
            status: self._response(members(one), produces)
            for status, one in members(raw.get("responses")).items()
        }
        return made

    def _followed(self, raw: Node) -> Node:
        reference = raw.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/parameters/"):
            return raw
        return members(members(self._root.get("parameters")).get(reference.rpartition("/")[2]))

    def _parameter(self, raw: Node) -> Node:
        if "$ref" in raw:
            return members(_moved(raw))
        kept: Node = {name: one for name, one in raw.items() if name in _KEPT}
        schema = _moved({name: one for name, one in raw.items() if name not in _NO_SCHEMA})
        made: Node = {**kept, "schema": schema}
        if raw.get("in") == "header" and str(raw.get("name")).lower() == "authorization":
            made[_COUNTS] = _MARK
        style = raw.get("collectionFormat", "csv")
        if raw.get("type") == "array" and isinstance(style, str) and style in _STYLES:
            name, explode = _STYLES[style]
            is_plain = str(raw.get("in")) in {"path", "header"} and name == "form"
            made |= {"style": "simple" if is_plain else name, "explode": explode}
        return made

    def _body(self, parameters: list[Node], consumes: list[str]) -> Node:
        body = next((one for one in parameters if one.get("in") == "body"), None)
        if body is not None:
            content: Node = {media: {"schema": _moved(body.get("schema", {}))} for media in consumes}
            return {"required": body.get("required") is True, "content": content}
        fields = [one for one in parameters if one.get("in") == "formData"]
        if not fields:
            return {}
        properties: Node = {str(one.get("name")): self._parameter(one)["schema"] for one in fields}
        required: list[Json] = [str(one.get("name")) for one in fields if one.get("required") is True]
        is_file = any(one.get("type") == "file" for one in fields)
        forms = [one for one in consumes if one in {_FORM, _URLENCODED}] or [
            _FORM if is_file else _URLENCODED
        ]
        schema: Node = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        made: Node = {"schema": schema}
        lists = [one for one in fields if one.get("type") == "array"]
        if lists:
            made["encoding"] = {str(one.get("name")): _encoding(one) for one in lists}
        return {"required": bool(required), "content": dict.fromkeys(forms, made)}

    def _response(self, raw: Node, produces: list[str]) -> Node:
        if "$ref" in raw:
            return members(_moved(raw))
        made = {name: one for name, one in raw.items() if name not in {"schema", "headers", "examples"}}
        if "schema" in raw:
            made["content"] = {media: {"schema": _moved(raw["schema"])} for media in produces}
        if "headers" in raw:
            headers = members(raw["headers"])
            made["headers"] = {
                name: {
                    "schema": _moved(
                        {key: one for key, one in members(header).items() if key not in _NO_SCHEMA}
                    )
                }
                for name, header in headers.items()
            }
        return made


def _encoding(raw: Node) -> Node:
    style = raw.get("collectionFormat", "csv")
    name, explode = _STYLES.get(style if isinstance(style, str) else "", _STYLES["csv"])
    return {"style": name, "explode": explode}


def _moved(value: Json) -> Json:
    """Return a schema with its references to where OpenAPI 3 keeps definitions."""
    if isinstance(value, list):
        return [_moved(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _moved(one) for name, one in value.items()}
    reference = found.get("$ref")
    if isinstance(reference, str):
        old = next((one for one in _MOVED if reference.startswith(one)), "")
        found["$ref"] = _MOVED.get(old, "") + reference[len(old) :]
    if found.get("type") == "file":
        found |= {"type": "string", "format": "binary"}
    if found.pop("x-nullable", None) is True:
        found["nullable"] = True
    if isinstance(found.get("discriminator"), str):
        found["discriminator"] = {"propertyName": found["discriminator"]}
    return found


def _scheme(raw: Node) -> Node:
    if raw.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if raw.get("type") != "oauth2":
        return raw
    kept = {name: one for name, one in raw.items() if name in {"authorizationUrl", "tokenUrl", "scopes"}}
    return {"type": "oauth2", "flows": {_FLOWS.get(str(raw.get("flow")), "implicit"): kept}}
