"""Run a contract's INVARIANTS on answers read from standard input, as JSON; print what they say.

Input: {"facts": ..., "cases": [{"scenario", "constraints", "request", "response"}]}. Output: the
last line of standard output is a list of [scenario, constraint, sentence].
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any


def main() -> None:
    """Judge every case by the invariants it names; a name nobody knows is itself reported."""
    spec = importlib.util.spec_from_file_location("invariants", sys.argv[1])
    if spec is None or spec.loader is None:
        raise SystemExit("%s: not a Python file" % sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    sys.modules["invariants"] = module
    spec.loader.exec_module(module)
    work = json.loads(sys.stdin.buffer.read())
    said = []
    for case in work["cases"]:
        try:
            response = json.loads(case["response"])
        except ValueError:
            said.append([case["scenario"], "json", "the answer is not JSON"])
            continue
        for name in case["constraints"]:
            said.extend(judged(module.INVARIANTS, name, case, response, work["facts"]))
    print()
    print(json.dumps(said))


def judged(
    invariants: dict[str, Any], name: str, case: dict[str, Any], response: object, facts: object
) -> list[list[str]]:  # Any: the project's own functions and decoded JSON
    """Return the reports of one invariant on one answer; a crash on an odd answer is a violation."""
    if name not in invariants:
        return [[case["scenario"], name, "no invariant has this name"]]
    try:
        sentence = invariants[name](case["request"], response, facts)
    except Exception as error:  # noqa: BLE001 - the project's code may raise anything
        sentence = "the invariant broke on this answer: %s: %s" % (type(error).__name__, error)
    return [[case["scenario"], name, sentence]] if sentence else []


if __name__ == "__main__":
    main()
