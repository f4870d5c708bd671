"""Judge answers by a contract's CHECKS, loaded once: a line of JSON in on the channel, a line out.

Arguments: the file of checks and the descriptor of the channel. A line in is
[{"operation", "request", "status", "headers", "body"}]; a line out is a list of
[index, name of the check, sentence]. What checks print goes nowhere near the channel.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from typing import Any


def main(path: str, channel: int) -> None:
    """Judge every answer of each line until the harness leaves."""
    spec = importlib.util.spec_from_file_location("invariants", path)
    if spec is None or spec.loader is None:
        raise SystemExit("%s: not a Python file" % path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["invariants"] = module
    spec.loader.exec_module(module)
    link = socket.socket(fileno=channel)
    for line in link.makefile("rb"):
        link.sendall(json.dumps(said_of(json.loads(line), module.CHECKS)).encode() + b"\n")


def said_of(
    cases: list[dict[str, Any]], checks: dict[str, Any]
) -> list[list[object]]:  # Any: the project's own functions and decoded JSON
    """Return what the checks of each answer's operation, and those of all operations, say."""
    said: list[list[object]] = []
    for index, case in enumerate(cases):
        for check in (*checks.get("*", ()), *checks.get(case["operation"], ())):
            sentence = judged(check, case)
            if sentence:
                said.append([index, check.__name__, sentence])
    return said


def judged(
    check: Any, case: dict[str, Any]
) -> str | None:  # Any: the project's own functions and decoded JSON
    """Return what one check says of one answer; a crash on an odd answer is a violation."""
    try:
        body = json.loads(case["body"])
    except ValueError:
        body = case["body"]
    answer = {"status": case["status"], "headers": case["headers"], "body": body}
    try:
        sentence = check(case["request"], answer)
    except Exception as error:  # noqa: BLE001 - the project's code may raise anything
        return "it broke on this answer: %s" % type(error).__name__
    return str(sentence) if sentence else None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
