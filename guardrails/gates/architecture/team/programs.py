"""Runs a team's rule programs in the box and reads what they report as data.

Base is trusted to judge, not to own the machine: a rule may read the tree that it is given and
say what it finds. One that breaks, hangs or reports nonsense is a finding of the harness that
names it, and the other rules still judge.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import guardrails
from guardrails.analysis.code.selection import is_python
from guardrails.gates.architecture.module import Found
from guardrails.gates.architecture.team.order import Broken, Reported, examined_in, reported_in
from guardrails.model.errors import CannotJudge
from guardrails.model.ports import Command, Completed, Laboratory, Limits, Tree

_SECONDS = 20.0
_MOST_SOURCE = 128 << 20


def reports_of(
    laboratory: Laboratory,
    programs: Mapping[str, bytes],
    tree: Tree,
    paths: Sequence[str],
    roots: Sequence[str],
) -> tuple[tuple[Reported, ...], tuple[Broken, ...]]:
    """Return what the programs find in `paths` of `tree`, and which of them broke.

    Raises CannotJudge when there is no box or the tree is too large to hand in.
    """
    if not programs or not paths:
        return (), ()
    sources = tree.read_many([path for path in tree.entries() if is_python(path)])
    if sum(map(len, sources.values())) > _MOST_SOURCE:
        raise CannotJudge("the tree holds more Python than policies/rules/ can be shown; 128 MiB is the most")
    texts = {path: text.decode("latin-1") for path, text in sources.items()}
    work = {"files": texts, "judge": list(paths), "roots": list(roots)}
    together = _judged(laboratory, {**work, "rules": _texts(programs)})
    if together is not None:
        return together
    # One of them brought the others down: let each judge alone, so that the one can be named.
    found: list[Reported] = []
    broken: list[Broken] = []
    for path, source in programs.items():
        alone = _judged(laboratory, {**work, "rules": _texts({path: source})})
        found += alone[0] if alone else ()
        broken += alone[1] if alone else (Broken(path, "it ended or ran over its time without a report"),)
    return tuple(found), tuple(broken)


def examined(laboratory: Laboratory, path: str, source: bytes) -> tuple[str, int, tuple[str, ...]]:
    """Return a program's rule id, how many examples it has, and what is wrong with them."""
    completed = _run(laboratory, {"examine": _texts({path: source})})
    try:
        if completed.exit_code == 0 and not completed.stopped_by:
            return examined_in(completed.stdout)
    except ValueError:
        pass
    said = completed.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
    why = completed.stopped_by or " ".join(said) or f"exit {completed.exit_code}"
    return path, 0, (f"{path} could not be tried: {why}",)


def as_found(one: Reported, scopes: int) -> Found:
    """Return a report as the gate's own rules give them; a scope that the file lacks is the module."""
    return Found(
        one.line, one.scope if one.scope < scopes else 0, one.message, one.subject, one.remedy or None
    )


def _texts(programs: Mapping[str, bytes]) -> dict[str, str]:
    return {path: source.decode("latin-1") for path, source in programs.items()}


def _judged(
    laboratory: Laboratory, work: Mapping[str, object]
) -> tuple[tuple[Reported, ...], tuple[Broken, ...]] | None:
    completed = _run(laboratory, work)
    if completed.exit_code != 0 or completed.stopped_by:
        return None
    try:
        return reported_in(completed.stdout)
    except ValueError:
        return None


def _run(laboratory: Laboratory, work: Mapping[str, object]) -> Completed:
    scratch = laboratory.scratch("rules")
    package = Path(guardrails.__file__).parents[1]
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); "
        "from guardrails.gates.architecture.team.boxed import main; main()"
    )
    return laboratory.box.run(
        Command(
            argv=(sys.executable, "-I", "-B", "-c", code, str(package)),
            directory=scratch,
            environment={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"},
            readable=(package / "guardrails", *(one for one in prefixes if one.is_dir())),
            writable=(scratch,),
            stdin=json.dumps(work).encode(),
            limits=Limits(wall_seconds=_SECONDS, cpu_seconds=int(_SECONDS)),
        )
    )
