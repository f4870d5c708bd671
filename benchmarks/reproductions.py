"""Whether findings can be believed: the same bytes each run, witnesses that fire again, nothing in them to spare.

Each witness of the faulty club (trial) and of the changed shop (replays) is run as it is shown, by
bash, curl and jq, against base and head served anew by uvicorn, and as the file that
`guardrails contract keep` writes of it. Then every part of its requests is left out in turn.
Usage: python -m benchmarks.reproductions [--runs N] [--changes N]
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import behaviour, fuzz
from benchmarks.services.club_bugs import CHECKS
from guardrails.analysis.openapi.documents import Document, read_document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.analysis.replay.difference import differences
from guardrails.analysis.replay.stored import stored_in
from guardrails.gates.contract.answers import Judge
from guardrails.gates.contract.fuzz.forbidden import Forbidden
from guardrails.gates.contract.replay.minimal import parts_of, without
from guardrails.gates.contract.replay.witness import chosen
from guardrails.gates.contract.requests import Probe
from guardrails.model.evidence import Witness
from guardrails.model.finding import Finding
from guardrails.model.ports import Player, Request, Response, Silence, Step
from guardrails.tasks.contract.keeping import requests_in
from tests.repos.memory import MemoryTree

TRIAL = frozenset({"GR210", "GR211", "GR212", "GR214", "GR215", "GR216", "GR217"})
_ANSWER = re.compile(rb"\AHTTP/[\d.]+ (\d+)[^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHELL = r"""
curl() {
  local n=$(ls "$ANSWERS" | grep -c h)
  command curl -s -D "$ANSWERS/h$n" -o "$ANSWERS/b$n" "${@/http:\/\/localhost/http://127.0.0.1:$PORT}" || return
  cat "$ANSWERS/b$n"
}
"""
Answer = Response | Silence


@dataclass(frozen=True)
class Case:
    """A finding, and the two versions of the service that it is about."""

    finding: Finding
    witness: Witness
    base: str
    head: str
    name: str


@contextmanager
def served(folder: Path, package: str, source: str) -> Iterator[int]:
    """Yield the port of a fresh server of the source."""
    place = folder / hashlib.sha256(source.encode()).hexdigest()[:12]
    (place / package).mkdir(parents=True, exist_ok=True)
    (place / package / "app.py").write_text(source)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [sys.executable, "-m", "uvicorn", f"{package}.app:app", "--log-level", "critical"]
        server = subprocess.Popen(
            [*words, "--fd", str(listener.fileno())],
            cwd=place,
            pass_fds=(listener.fileno(),),
            stderr=subprocess.DEVNULL,
        )
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.kill()
            server.wait()


def by_shell(folder: Path, port: int, shell: str) -> list[Answer]:
    """Return the answers to a witness as bash, curl and jq send it."""
    with tempfile.TemporaryDirectory(dir=folder) as answers:
        script = f"{SHELL}\n{{ {shell}\n}} >/dev/null\n"
        variables = {"ANSWERS": answers, "PORT": str(port), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(
            ["bash", "-c", script], env=variables, check=False, timeout=60, stderr=subprocess.DEVNULL
        )
        number = len(re.findall(r"(?m)^(?:a\d+=\$\()?curl ", shell))
        return [_parsed(Path(answers), index) for index in range(number)]


def _parsed(folder: Path, index: int) -> Answer:
    head, body = folder / f"h{index}", folder / f"b{index}"
    found = _ANSWER.match(head.read_bytes()) if head.exists() else None
    if not found:
        return Silence("no answer")
    lines = (line.partition(b":") for line in found[2].split(b"\r\n"))
    headers = tuple((name.decode().lower(), value.strip().decode("latin-1")) for name, _, value in lines)
    text = body.read_bytes() if body.exists() else b""
    # A real server draws other ids each time.
    return Response(int(found[1]), headers, _ID.sub(b"ID", text))


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        return None
    return found


class Firing:
    """Whether last answers of base and head show what a finding says."""

    def __init__(self, document: Document) -> None:
        self._judge = Judge(document)
        self._paths = [(one.method, one.path) for one in operations_of(document) if one.kind == "path"]
        self._forbidden = Forbidden(document, [one for one in operations_of(document) if one.kind == "path"])
        checks: dict[str, object] = {}
        exec(CHECKS, checks)
        self._check = checks["by_name"]

    def fires(
        self, case: Case, steps: Sequence[Step], base: Sequence[Answer], head: Sequence[Answer]
    ) -> bool:
        """Return whether the finding's fault shows again at the last answer."""
        rule, message, request, last = case.finding.rule, case.finding.message, steps[-1].request, head[-1]
        if rule == "GR220":
            place = case.witness.base.partition(" is ")[0]
            return ("" if place == "body" else place) in {one.place for one in differences(base[-1], last)}
        if not isinstance(last, Response):
            return rule == "GR210" and "no answer" in message
        good = last.status < 400
        if rule == "GR211":
            probe = Probe(request.method.lower(), self._path(request), request, is_forbidden=False, about="")
            problem = self._judge.problem(probe, last)
            return problem is not None and problem.sentence in message
        if rule in {"GR215", "GR216"}:
            return self._is_lost_or_kept(rule, steps, head, last)
        label, body = f"{request.method} {self._path(request)}", _json(last.body)
        said = {"status": last.status, "headers": {}, "body": body}
        return {
            "GR210": last.status >= 500,
            "GR212": good and bool(self._forbidden.places(label, request)),
            "GR214": good,
            "GR217": rule == "GR217" and self._check({}, said) is not None,  # type: ignore[operator]  # a function
        }[rule]

    @staticmethod
    def _is_lost_or_kept(rule: str, steps: Sequence[Step], head: Sequence[Answer], last: Response) -> bool:
        did = {"GR215": ("DELETE", range(200, 300)), "GR216": ("POST", (201,))}[rule]
        before = zip(steps[:-1], head[:-1], strict=True)
        done = [
            isinstance(b, Response) and a.request.method == did[0] and b.status in did[1] for a, b in before
        ]
        return any(done) and (last.status < 300 if rule == "GR215" else last.status in (404, 410))

    def _path(self, request: Request) -> str:
        place = request.path.partition("?")[0]
        fitting = [
            path
            for method, path in self._paths
            if method == request.method.lower() and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", path), place)
        ]
        return min(fitting, key=lambda one: one.count("{"))


def club_cases(folder: Path, runs: int) -> list[Case]:
    """Return the club's findings; print how many digests of them some runs of one seed have."""
    digests = set()
    for _ in range(runs):
        report = fuzz.judged(folder, 1)
        digests.add(hashlib.sha256(fuzz.bytes_of(report)).hexdigest())
    print(f"club, trial: {len(digests)} digest(s) of the findings in {runs} runs of one seed", flush=True)
    return [
        Case(one, one.evidence[0], fuzz.CLUB, fuzz.broken(), "club")
        for one in report.findings
        if one.rule in TRIAL and one.evidence and isinstance(one.evidence[0], Witness)
    ]


def shop_cases(folder: Path, runs: int, changes: Sequence[tuple[str, str]]) -> list[Case]:
    """Return the replays' findings on some changes of the shop; print their digests over some runs."""
    base = str(behaviour.files_of("shop")["shop/app.py"])
    cases: list[Case] = []
    digests = set()
    for index, (old, new) in enumerate(changes):
        head = behaviour.files_of("shop", old, new)
        for _ in range(runs if index == 0 else 1):
            report = behaviour.judged(folder / str(time.monotonic_ns()), behaviour.files_of("shop"), head)
            if index == 0:
                digests.add(hashlib.sha256(fuzz.bytes_of(report)).hexdigest())
        cases += [
            Case(one, one.evidence[0], base, str(head["shop/app.py"]), "shop")
            for one in report.findings
            if one.rule == "GR220" and one.evidence and isinstance(one.evidence[0], Witness)
        ]
    print(f"shop, replays: {len(digests)} digest(s) of the findings in {runs} runs of one seed", flush=True)
    return cases


def steps_of(shell: str) -> tuple[Step, ...]:
    """Return the steps of a witness, read back as a file of kept failures is."""
    text = json.dumps({"requests": list(requests_in(shell))})
    found, bad = stored_in(MemoryTree({"failures/one.yaml": text}), "failures")
    if bad:
        raise ValueError(f"{bad[0]}: {shell}")
    return found[0].steps


def spare_parts(case: Case, players: tuple[Player, Player], firing: Firing) -> list[str]:
    """Return what can be left out of a witness that still fires."""
    steps = steps_of(case.witness.request)
    found = []
    used = {use.step for step in steps for use in step.uses}
    fewer = {
        f"step {one}": chosen(steps, [k for k in range(len(steps)) if k != one])
        for one in range(len(steps) - 1)
        if one not in used
    }
    fewer |= {str(part): without(steps, {part}) for part in parts_of(steps)}
    for about, rest in fewer.items():
        base, head = (player.play(rest, independent=False) for player in players)
        if firing.fires(case, rest, base, head):
            found.append(about)
    return found


def tried(folder: Path, cases: Sequence[Case]) -> tuple[int, int, int]:
    """Return how many witnesses fire again by shell, as kept files, and have nothing to spare."""
    shell = kept = minimal = 0
    service = {"club": fuzz.SERVICE, "shop": behaviour.SERVICES["shop"]}
    for name in dict.fromkeys((one.name, one.base, one.head) for one in cases):
        mine = [one for one in cases if (one.name, one.base, one.head) == name]
        package, base, head = name
        trees = [MemoryTree({f"{package}/app.py": source}) for source in (base, head)]
        with behaviour.laboratory(folder / str(time.monotonic_ns()), trees[0].files) as made:
            firing = Firing(read_document(made.document(service[package], trees[1]), "head"))
            with (
                made.player(service[package], trees[0]) as one,
                made.player(service[package], trees[1]) as other,
            ):
                for case in mine:
                    steps = steps_of(case.witness.request)
                    answers = []
                    for source in (base, head):
                        with served(folder, package, source) as port:
                            answers.append(by_shell(folder, port, case.witness.request))
                    is_shown = firing.fires(case, steps, answers[0], answers[1])
                    played = [player.play(steps, independent=False) for player in (one, other)]
                    is_kept = firing.fires(case, steps, played[0], played[1])
                    spare = spare_parts(case, (one, other), firing)
                    shell, kept, minimal = shell + is_shown, kept + is_kept, minimal + (not spare)
                    if not (is_shown and is_kept) or spare:
                        print(f"  {case.finding.rule} {case.finding.message}")
                        print(f"    by shell {is_shown}, kept {is_kept}, to spare: {spare}")
                        print("    " + case.witness.request.replace("\n", "\n    "))
                        print(f"    {str(answers[1][-1])[:200]}", flush=True)
    return shell, kept, minimal


def main() -> int:
    """Print a row for each service."""
    words = sys.argv[1:]
    runs = int(words[words.index("--runs") + 1]) if "--runs" in words else 20
    number = (
        int(words[words.index("--changes") + 1]) if "--changes" in words else len(behaviour.CHANGES["shop"])
    )
    with tempfile.TemporaryDirectory(prefix="g") as place:
        folder = Path(place)
        chosen = list(behaviour.CHANGES["shop"].values())[:: max(1, len(behaviour.CHANGES["shop"]) // number)]
        rows = {"club, trial": club_cases(folder, runs), "shop, replays": shop_cases(folder, runs, chosen)}
        for name, cases in rows.items():
            shell, kept, minimal = tried(folder, cases)
            print(
                f"{name}: {len(cases)} witnesses; fire again: {shell} by curl, {kept} as kept files;"
                f" nothing to spare in {minimal}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
