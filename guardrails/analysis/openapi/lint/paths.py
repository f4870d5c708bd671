"""Rules about paths, operations and parameters."""

import re
from collections import Counter

from guardrails.analysis.openapi.lint.subject import Found, LintRule, Subject
from guardrails.analysis.openapi.operations import METHODS, Operation
from guardrails.analysis.openapi.swagger2 import counts
from guardrails.analysis.openapi.values import listed, members, step

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_RESERVED = {"accept", "content-type", "authorization"}
_PLACES = {"path", "query", "header", "cookie", "querystring"}
_OK = "responses: {'200': {description: fine}}"


def _document(paths: str) -> str:
    return f"openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n{paths}\n"


def _paths(subject: Subject) -> list[str]:
    return [one for one in members(subject.document.root.get("paths")) if not one.startswith("x-")]


def _segments(path: str) -> list[str]:
    return [_VARIABLE.sub("{}", one) for one in path.strip("/").split("/")]


def _relative(subject: Subject) -> Found:
    for path in _paths(subject):
        if not path.startswith("/"):
            yield step("", "paths", path), f"the path {path!a} does not begin with a slash"


def _ambiguous(subject: Subject) -> Found:
    by_shape: dict[tuple[int, str], list[tuple[Operation, list[str]]]] = {}
    for one in subject.served:
        parts = _segments(one.path)
        same = by_shape.setdefault((len(parts), one.method), [])
        for other, theirs in same:
            pairs = list(zip(parts, theirs, strict=True))
            either = [("{}" in mine, "{}" in their) for mine, their in pairs if mine != their]
            if not either or (all(map(any, either)) and (True, False) in either and (False, True) in either):
                yield one.pointer, f"{one.path!a} and {other.path!a} match the same requests"
                break
        same.append((one, parts))


def _undeclared(subject: Subject) -> Found:
    for one in subject.served:
        declared = {parameter.name for parameter in one.parameters().values() if parameter.place == "path"}
        for name in dict.fromkeys(_VARIABLE.findall(one.path)):
            if name not in declared:
                yield one.pointer, f"the variable {name!a} of the path is no declared parameter"


def _unused(subject: Subject) -> Found:
    for one in subject.served:
        names = set(_VARIABLE.findall(one.path))
        for parameter in one.parameters().values():
            if parameter.place == "path" and parameter.name not in names:
                yield parameter.pointer, f"the path has no variable {parameter.name!a}"


def _optional(subject: Subject) -> Found:
    for one in subject.served:
        for parameter in one.parameters().values():
            if parameter.place == "path" and parameter.raw.get("required") is not True:
                yield parameter.pointer, f"the path parameter {parameter.name!a} is not marked as required"


def _twice(subject: Subject) -> Found:
    for one in subject.operations:
        for pointer, raws in (
            (one.pointer, one.raw.get("parameters")),
            (one.pointer.rpartition("/")[0], one.item.get("parameters")),
        ):
            seen: set[tuple[str, str]] = set()
            for index, raw in enumerate(listed(raws)):
                found = one.document.resolved(raw)
                key = (str(found.get("in")), str(found.get("name")))
                if key in seen:
                    yield (
                        step(pointer, "parameters", index),
                        f"{key[0]} parameter {key[1]!a} is declared twice",
                    )
                seen.add(key)


def _repeated_variable(subject: Subject) -> Found:
    for path in _paths(subject):
        for name, times in Counter(_VARIABLE.findall(path)).items():
            if times > 1:
                yield step("", "paths", path), f"the variable {name!a} stands in the path more than once"


def _queried(subject: Subject) -> Found:
    for path in _paths(subject):
        if "?" in path or "#" in path:
            yield step("", "paths", path), f"the path {path!a} holds a query or a fragment"


def _trailing(subject: Subject) -> Found:
    for path in _paths(subject):
        if len(path) > 1 and path.endswith("/"):
            yield step("", "paths", path), f"the path {path!a} ends with a slash"


def _nameless(subject: Subject) -> Found:
    for one in subject.served:
        if not isinstance(one.raw.get("operationId"), str):
            yield one.pointer, "the operation has no operationId"


def _same_id(subject: Subject) -> Found:
    seen: dict[str, str] = {}
    for one in subject.operations:
        name = one.raw.get("operationId")
        if isinstance(name, str) and name in seen:
            yield step(one.pointer, "operationId"), f"operationId {name!a} is taken by {seen[name]!a}"
        elif isinstance(name, str):
            seen[name] = f"{one.method.upper()} {one.path}"


def _reserved(subject: Subject) -> Found:
    for one in subject.operations:
        for index, raw in enumerate(listed(one.raw.get("parameters"))):
            found = one.document.resolved(raw)
            name = found.get("name")
            is_named = found.get("in") == "header" and isinstance(name, str) and name.lower() in _RESERVED
            if is_named and not counts(found):
                yield step(one.pointer, "parameters", index), f"the header {name!a} is ignored as a parameter"


def _bare(subject: Subject) -> Found:
    for one in subject.operations:
        for parameter in one.parameters().values():
            if "schema" not in parameter.raw and "content" not in parameter.raw:
                yield parameter.pointer, f"parameter {parameter.name!a} has neither schema nor content"


def _misplaced(subject: Subject) -> Found:
    for one in subject.operations:
        for index, raw in enumerate(listed(one.raw.get("parameters"))):
            found = one.document.resolved(raw)
            if found and not (isinstance(found.get("name"), str) and str(found.get("in")) in _PLACES):
                yield (
                    step(one.pointer, "parameters", index),
                    "the parameter has no name, or no place that exists",
                )


def _method(subject: Subject) -> Found:
    known = {*METHODS, "$ref", "summary", "description", "servers", "parameters", "additionalOperations"}
    for path in _paths(subject):
        for name in members(members(subject.document.root.get("paths"))[path]):
            if name not in known and not name.startswith("x-"):
                yield step("", "paths", path, name), f"{name!a} is no method and no member of a path item"


_ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
_Q = "{name: q, in: query, schema: {}}"
RULES = (
    LintRule(
        "GR270",
        "path-is-relative",
        "A path does not begin with a slash",
        "Tools join it to the server's address without one, each in its own way.",
        "Begin the path with a slash.",
        _relative,
        _document(f"  things: {{get: {{{_OK}}}}}"),
        _document(f"  /things: {{get: {{{_OK}}}}}"),
    ),
    LintRule(
        "GR271",
        "paths-are-ambiguous",
        "Two paths match the same request",
        "Which operation answers is decided by the router and not by the contract.",
        "Tell the paths apart by a literal segment.",
        _ambiguous,
        _document(f"  '/a/{{x}}': {{get: {{{_OK}}}}}\n  '/a/{{y}}': {{get: {{{_OK}}}}}"),
        _document(f"  '/a/{{x}}': {{get: {{{_OK}}}}}\n  '/a/mine': {{get: {{{_OK}}}}}"),
    ),
    LintRule(
        "GR272",
        "path-variable-undeclared",
        "A variable of a path is no declared parameter",
        "Nobody knows what may stand there, so nothing checks it.",
        "Declare the variable as a path parameter.",
        _undeclared,
        _document(f"  '/a/{{id}}': {{get: {{{_OK}}}}}"),
        _document(f"  '/a/{{id}}': {{get: {{{_ID}, {_OK}}}}}"),
    ),
    LintRule(
        "GR273",
        "path-parameter-unused",
        "A path parameter does not stand in the path",
        "Clients are asked for a value that is sent nowhere.",
        "Name the variable in the path as the parameter, or drop the parameter.",
        _unused,
        _document(f"  /a: {{get: {{{_ID}, {_OK}}}}}"),
        _document(f"  '/a/{{id}}': {{get: {{{_ID}, {_OK}}}}}"),
    ),
    LintRule(
        "GR274",
        "path-parameter-optional",
        "A path parameter is not marked as required",
        "A path without it is another path, and strict tools refuse the document.",
        "Write `required: true`.",
        _optional,
        _document(f"  '/a/{{id}}': {{get: {{parameters: [{{name: id, in: path, schema: {{}}}}], {_OK}}}}}"),
        _document(f"  '/a/{{id}}': {{get: {{{_ID}, {_OK}}}}}"),
    ),
    LintRule(
        "GR275",
        "parameter-declared-twice",
        "A parameter is declared twice in one list",
        "One of the two declarations is silently lost.",
        "Keep one of them.",
        _twice,
        _document(f"  /a: {{get: {{parameters: [{_Q}, {_Q}], {_OK}}}}}"),
        _document(f"  /a: {{get: {{parameters: [{_Q}], {_OK}}}}}"),
    ),
    LintRule(
        "GR276",
        "path-variable-repeated",
        "A variable stands in a path more than once",
        "Both places get the same value, which is hardly meant.",
        "Give each variable a name of its own.",
        _repeated_variable,
        _document(f"  '/a/{{id}}/b/{{id}}': {{get: {{{_ID}, {_OK}}}}}"),
        _document(f"  '/a/{{id}}': {{get: {{{_ID}, {_OK}}}}}"),
    ),
    LintRule(
        "GR277",
        "path-holds-query",
        "A path holds a query or a fragment",
        "It never matches: a router sees the path alone.",
        "Declare query parameters instead.",
        _queried,
        _document(f"  '/a?b=c': {{get: {{{_OK}}}}}"),
        _document(f"  /a: {{get: {{parameters: [{{name: b, in: query, schema: {{}}}}], {_OK}}}}}"),
    ),
    LintRule(
        "GR278",
        "path-ends-with-slash",
        "A path ends with a slash",
        "Half of all clients drop it and meet a redirect or a 404.",
        "Drop the slash.",
        _trailing,
        _document(f"  /a/: {{get: {{{_OK}}}}}"),
        _document(f"  /a: {{get: {{{_OK}}}}}"),
    ),
    LintRule(
        "GR279",
        "operation-id-missing",
        "An operation has no operationId",
        "Generated clients invent a name from the path, which changes with it.",
        "Give the operation a stable operationId.",
        _nameless,
        _document(f"  /a: {{get: {{{_OK}}}}}"),
        _document(f"  /a: {{get: {{operationId: listA, {_OK}}}}}"),
    ),
    LintRule(
        "GR230",
        "operation-id-repeated",
        "Two operations have one operationId",
        "A generated client has one method for both, or does not compile.",
        "Give each operation an id of its own.",
        _same_id,
        _document(f"  /a: {{get: {{operationId: a, {_OK}}}, post: {{operationId: a, {_OK}}}}}"),
        _document(f"  /a: {{get: {{operationId: a, {_OK}}}, post: {{operationId: b, {_OK}}}}}"),
    ),
    LintRule(
        "GR231",
        "header-parameter-ignored",
        "Accept, Content-Type or Authorization is declared as a parameter",
        "OpenAPI says that such a declaration has no effect.",
        "Describe media types under `content` and credentials under `security`.",
        _reserved,
        _document(f"  /a: {{get: {{parameters: [{{name: Accept, in: header, schema: {{}}}}], {_OK}}}}}"),
        _document(f"  /a: {{get: {{parameters: [{{name: X-A, in: header, schema: {{}}}}], {_OK}}}}}"),
    ),
    LintRule(
        "GR232",
        "parameter-without-schema",
        "A parameter has neither schema nor content",
        "Anything is let through, and nothing can be generated for it.",
        "Give the parameter a schema.",
        _bare,
        _document(f"  /a: {{get: {{parameters: [{{name: q, in: query}}], {_OK}}}}}"),
        _document(
            f"  /a: {{get: {{parameters: [{{name: q, in: query, schema: {{type: string}}}}], {_OK}}}}}"
        ),
    ),
    LintRule(
        "GR233",
        "parameter-misplaced",
        "A parameter has no name, or stands in no place that exists",
        "It is ignored by every tool, also by this one.",
        "Give it a name and one of path, query, header, cookie.",
        _misplaced,
        _document(f"  /a: {{get: {{parameters: [{{name: q, in: body, schema: {{}}}}], {_OK}}}}}"),
        _document(f"  /a: {{get: {{parameters: [{{name: q, in: query, schema: {{}}}}], {_OK}}}}}"),
    ),
    LintRule(
        "GR234",
        "method-unknown",
        "A path item holds what is neither a method nor a known member",
        "It is ignored, and the operation under it is in no contract.",
        "Write the method in lower case, or mark an extension by x-.",
        _method,
        _document(f"  /a: {{GET: {{{_OK}}}}}"),
        _document(f"  /a: {{get: {{{_OK}}}}}"),
    ),
)
