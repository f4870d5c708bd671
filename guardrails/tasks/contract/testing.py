"""Tests of failures: a plain pytest that asks a running service what a witness asked of head, and expects what holds.

It needs the standard library and pytest alone. What a report does not tell whole, such as a body
that was cut, cannot be expected, and then there is no test.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pprint import pformat

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANSWER = re.compile(r": (\d{3}) ")
_HIDDEN = "[hidden]"
_ABSENT = "absent"
_EXPECTED = {
    "GR210": "status < 500",
    "GR212": "status >= 400",
    "GR214": "status >= 400",
    "GR215": "status >= 400",
    "GR216": "status < 400",
}
_TOLD = (
    (re.compile(r"answers with status (\d+), which"), "status != {}"),
    (re.compile(r"answers \d+ without the header (\S+), which"), "{!r} in headers"),
    (re.compile(r"answers \d+ as (\S+/\S+), not as"), "not headers.get('content-type', '').startswith({!r})"),
)
_BROKEN = re.compile(r"with a body that breaks `\w+` at (\S+)")
_WIDTH = 100
_TEST = '''"""{about}

Start the service anew for each run: SERVICE=http://localhost:8000 pytest {name}.py
"""

import http.client
import json
import os
import re
from urllib.parse import quote, urlsplit

SERVICE = urlsplit(os.environ.get("SERVICE", "http://localhost:8000"))
ID = re.compile(r"{id}")
REQUESTS = {requests}


def {name}():
    status, headers, body = asked()
    assert {expected}


def asked():
    """Send the requests in their order; return status, headers and body of the last answer, ids made alike."""
    given = {{}}
    for request in REQUESTS:
        path, text = request["path"], request["body"].decode("latin-1")
        for mark, value in given.items():
            path = path.replace(mark, quote(value if isinstance(value, str) else json.dumps(value), safe=""))
            text = text.replace(json.dumps(mark), json.dumps(value))
        link = http.client.HTTPConnection(SERVICE.hostname, SERVICE.port, timeout=30)
        link.request(request["method"], path, text.encode("latin-1"), request["headers"])
        answer = link.getresponse()
        body = answer.read().decode("utf-8", "backslashreplace")
        link.close()
        given.update({{mark: at(body, pointer) for mark, pointer in request["gives"].items()}})
    return answer.status, {{name.lower(): value for name, value in answer.getheaders()}}, ID.sub("ID", body)


def at(body, pointer):
    """Return what a JSON pointer leads to in a body, "absent" when it leads nowhere."""
    try:
        value = json.loads(body)
        for token in pointer.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            value = value[int(token)] if isinstance(value, list) else value[token]
    except (ValueError, LookupError, TypeError):
        return "absent"
    return value
'''


def test_of(
    finding: Mapping[str, object],
    name: str,
    requests: Sequence[Mapping[str, object]],
    answers: tuple[str, str],
) -> str:
    """Return the source of a test of a finding, whose witness tells these answers; empty where none can be told."""
    rule, message = str(finding["rule"]), str(finding["message"])
    expected = _expected(rule, message, *answers)
    if not expected or _HIDDEN in expected:
        return ""
    plain = [
        {
            "method": one["method"],
            "path": one["path"],
            "headers": one.get("headers", {}),
            "body": _bytes(one),
            "gives": one.get("gives", {}),
        }
        for one in requests
    ]
    about = ascii(message)[1:-1].replace("\\", "").replace('"', "'")
    written = pformat(plain, width=_WIDTH, sort_dicts=False)
    return _TEST.format(about=about, name=name, id=_ID.pattern, requests=written, expected=expected)


test_of.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it where it is imported


def _bytes(request: Mapping[str, object]) -> bytes:
    body = str(request.get("body", ""))
    return base64.b64decode(body) if request.get("encoding") else body.encode("utf-8", "surrogatepass")


def _expected(rule: str, message: str, base: str, head: str) -> str:
    """Return what holds of an answer that does not show the failure."""
    if rule == "GR220":
        return _as_base(base, head)
    if rule in _EXPECTED:
        return _EXPECTED[rule]
    for pattern, form in _TOLD:
        found = pattern.search(message)
        if found:
            return form.format(int(found[1]) if found[1].isdecimal() else found[1])
    broken = _BROKEN.search(message)
    body = next(_bodies(": " + head), None)
    if not broken or body is None or "*" in broken[1]:
        return ""
    place = "" if broken[1] == "/" else broken[1]
    return f"at(body, {place!r}) != {_at(json.loads(body), place)!r}"


def _as_base(base: str, head: str) -> str:
    """Return that a place of an answer is as base answers it."""
    place, _, said = base.partition(" is ")
    status = _ANSWER.search(said)
    if place == "status":
        return f"status == {said[:3]}" if said[:3].isdecimal() else ""
    if place.startswith("header ") and status:
        value, name = said[: status.start()], place.removeprefix("header ")
        return f"{name!r} not in headers" if value == _ABSENT else f"headers.get({name!r}) == {value!r}"
    text, other = next(_bodies(said), None), next(_bodies(head.partition(" is ")[2]), None)
    if text is None or other is None:
        return ""
    if place == "body":
        return f"body == {text!r}"
    sides = json.loads(text), json.loads(other)
    for pointer in _concrete(*sides, place.split("/")[1:]):
        before, after = (_at(one, pointer) for one in sides)
        if json.dumps(before) != json.dumps(after):
            return f"at(body, {pointer!r}) == {before!r}"
    return ""


def _bodies(said: str) -> Iterator[str]:
    """Yield the JSON body of the answer that a text ends with, ids made alike; nothing for one that was cut."""
    for found in _ANSWER.finditer(said):
        text = _ID.sub("ID", said[found.end() :])
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            continue
        if not text[end:] or text[end:].startswith(": "):
            yield text[:end]


def _concrete(before: object, after: object, tokens: Sequence[str], place: str = "") -> Iterator[str]:
    """Yield the pointers that a place with `*` for list indexes stands for."""
    if not tokens:
        yield place
        return
    first, rest = tokens[0], tokens[1:]
    if first == "*" and isinstance(before, list) and isinstance(after, list):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _concrete(one, other, rest, f"{place}/{index}")
    elif isinstance(before, dict) and isinstance(after, dict):
        name = first.replace("~1", "/").replace("~0", "~")
        yield from _concrete(before.get(name), after.get(name), rest, f"{place}/{first}")


def _at(value: object, pointer: str) -> object:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return _ABSENT
    return value
