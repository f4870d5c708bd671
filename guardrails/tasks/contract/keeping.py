"""Keeps the failures of a report as files that every later change is asked again.

A witness is lines of shell that a human can run; the same lines are read back here, so what is
kept is exactly what was shown.
"""

import base64
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from guardrails.model.errors import UsageError
from guardrails.tasks.contract.testing import test_of

_RULES = frozenset({"GR210", "GR211", "GR212", "GR214", "GR215", "GR216", "GR217", "GR220"})
_GIVING = re.compile(
    r"a\d+=\$\((?P<curl>.*?)\)(?P<rest>(?:; v\d+=\$\(jq -r '[^']*' <<<\"\$a\d+\"\))+)\Z", re.DOTALL
)
_GIVEN = re.compile(r"; (v\d+)=\$\(jq -r '([^']*)' <<<")
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')
_VARIABLE = re.compile(r"\$(v\d+)")
_RAW = re.compile(r" --data-raw \$'((?:[^'\\]|\\x[0-9a-f]{2})*)'")
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_HOST = "http://localhost"
_HIDDEN = "[hidden]"


def kept_files(
    report: bytes, name: str, only: Sequence[str] = (), *, as_tests: bool = False
) -> dict[str, str]:
    """Return YAML by file name for the failures of a JSON report, or those with the fingerprints in `only`.

    `as_tests` they are pytest files instead, of those whose report tells what to expect.
    Raises UsageError for what is no report, or when none of its findings can be kept.
    """
    try:
        findings = json.loads(report)["findings"]
        chosen = [
            one for one in findings if one["rule"] in _RULES and (not only or one["fingerprint"] in only)
        ]
        made = dict((_test if as_tests else _file)(one) for one in chosen if _request(one))
        made = {key: text for key, text in made.items() if text}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = type(error).__name__
        raise UsageError(f"{name!a} is no JSON report ({what}); write one with `--format json`") from error
    if not made:
        raise UsageError(f"{name!a} has no finding of a trial or a replay that can be kept")
    return made


def _request(finding: Mapping[str, object]) -> str:
    evidence = finding.get("evidence")
    shown = evidence[0].get("request") if isinstance(evidence, list) and evidence else ""
    # Credentials are hidden in a witness: what was sent with them cannot be sent again.
    return shown if isinstance(shown, str) and _HIDDEN not in shown else ""


def _file(finding: Mapping[str, object]) -> tuple[str, str]:
    rule, fingerprint = str(finding["rule"]), str(finding["fingerprint"])
    text = {
        "failure": str(finding["message"]),
        "rule": rule,
        "fingerprint": fingerprint,
        "requests": list(requests_in(_request(finding))),
    }
    # JSON is YAML, and says the same to every reader.
    return f"{rule.lower()}-{fingerprint[:12]}.yaml", json.dumps(text, indent=1, ensure_ascii=False) + "\n"


def _test(finding: Mapping[str, object]) -> tuple[str, str]:
    name = f"test_{str(finding['rule']).lower()}_{str(finding['fingerprint'])[:12]}"
    evidence = finding["evidence"]
    first = evidence[0] if isinstance(evidence, list) else {}
    answers = str(first.get("base", "")), str(first.get("head", ""))
    return f"{name}.py", test_of(finding, name, list(requests_in(_request(finding))), answers)


def requests_in(shell: str) -> Iterator[dict[str, object]]:
    """Yield the requests of a witness as a file of kept failures holds them."""
    for line in _lines(shell):
        giving = _GIVING.fullmatch(line)
        request = _parsed(giving["curl"] if giving else line)
        if giving:
            request["gives"] = {f"$<{name}>": _pointer(path) for name, path in _GIVEN.findall(giving["rest"])}
        yield request


def _lines(shell: str) -> Iterator[str]:
    """Yield commands; one goes on over a line break that stands in quotes."""
    kept = ""
    for line in shell.split("\n"):
        kept = f"{kept}\n{line}" if kept else line
        if _is_whole(kept):
            yield kept
            kept = ""


def _is_whole(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return False
    return True


def _parsed(command: str) -> dict[str, object]:
    raw = _RAW.search(command)
    words = shlex.split(_RAW.sub("", command))
    found: dict[str, object] = {"method": "HEAD" if "-I" in words else "GET", "path": "/"}
    headers: dict[str, str] = {}
    for flag, value in pairwise(words):
        if flag == "-X":
            found["method"] = value
        elif flag == "-H":
            key, colon, content = value.partition(": ")
            if colon or key.endswith(";"):  # a name with a bare colon takes away what curl would add
                headers[key.rstrip(";")] = content
        elif flag == "--data-raw":
            found["body"] = _VARIABLE.sub(r"$<\1>", value)
    if raw:
        body = _BYTE.sub(lambda one: bytes([int(one[1], 16)]), raw[1].encode())
        found |= {"body": base64.b64encode(body).decode(), "encoding": "base64"}
    found["path"] = _VARIABLE.sub(r"$<\1>", words[-1].removeprefix(_HOST))
    return {**found, "headers": headers} if headers else found


def _pointer(path: str) -> str:
    """Return a path of jq as a JSON pointer."""
    steps = [json.loads(f'"{name}"') if name else index for name, index in _STEP.findall(path)]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
