"""Run a contract's CHECKS on answers read from standard input, as JSON; print what they say.

Input: [{"operation", "request", "status", "headers", "body"}]. Output: the last line of standard
output is a list of [index, name of the check, sentence].
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any


def main() -> None:
    """Judge every answer by the checks of its operation and by those of all operations."""
    spec = importlib.util.spec_from_file_location("invariants", sys.argv[1])
    if spec is None or spec.loader is None:
        raise SystemExit("%s: not a Python file" % sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    sys.modules["invariants"] = module
    spec.loader.exec_module(module)
    said: list[list[object]] = []
    for index, case in enumerate(json.loads(sys.stdin.buffer.read())):
        for check in (*module.CHECKS.get("*", ()), *module.CHECKS.get(case["operation"], ())):
            sentence = judged(check, case)
            if sentence:
                said.append([index, check.__name__, sentence])
    print()
    print(json.dumps(said))


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
    main()
