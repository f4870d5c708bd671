"""A repository whose change has findings, the keys of its approvers, and what they do with them."""

import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from guardrails.adapters.clock import SystemClock
from guardrails.adapters.consent.document import message_of
from guardrails.adapters.consent.keygen import sign
from guardrails.model.approval import Approval
from guardrails.model.finding import Finding
from guardrails.model.frozen import replace
from guardrails.model.verdict import Verdict
from guardrails.tasks.approval.giving import Wish, given
from guardrails.wiring import Question, answer
from tests.repos.builder import RepositoryBuilder

TODAY = SystemClock().today()
LATER = TODAY + timedelta(days=30)
POLICY = """version: 1
target: main
disputes: true
approvals: {keys: any}
stages: {merge: [architecture, integrity]}
"""
CLEAN = "async def price():\n    return 3\n"
SLOW = "import time\n\n\nasync def price():\n    time.sleep(1)\n    return 3\n"


@cache
def key(name: str) -> Path:
    """Return the private key of that name, made once by ssh-keygen itself."""
    place = Path(mkdtemp(prefix="keys-")) / name
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(place)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return place


def public(name: str) -> str:
    """Return the type and key of the .pub file."""
    return " ".join(key(name).with_name(f"{name}.pub").read_text().split()[:2])


def line(name: str, options: str = "") -> str:
    """Return a line of `policies/approvers`."""
    return " ".join(filter(None, (f"{name}@example.org", options, public(name)))) + "\n"


class Desk:
    """The branch `slow` blocks by GR102; ann and bob may approve, ada wrote it."""

    def __init__(self, folder: Path, policy: str = POLICY, approvers: str = "") -> None:
        self.folder = folder
        self.repo = RepositoryBuilder(folder / "shop")
        self.repo.write_all(
            {
                "policies/guardrails.yaml": policy,
                "policies/approvers": approvers or line("ann") + line("bob"),
                "shop/__init__.py": "",
                "shop/app.py": CLEAN,
            }
        ).commit("Begin")
        self.repo.branch("slow").write("shop/app.py", SLOW).commit("Sleep")

    def question(self, *places: Path, authors: Sequence[str] = ()) -> Question:
        """Return the question whether `slow` may merge into `main`."""
        return Question(self.repo.path, base="main", head="slow", approvals=places, authors=tuple(authors))

    def verdict(self, *places: Path, authors: Sequence[str] = ()) -> Verdict:
        """Judge `slow` with what lies at `places` and in the repository."""
        return answer(self.question(*places, authors=authors))

    def finding(self, rule: str = "GR102") -> Finding:
        """Return the finding of that rule."""
        return next(one for one in self.verdict().findings if one.rule == rule)

    def approved(self, who: str = "ann", until: date = LATER, output: Path | None = None) -> str:
        """Let somebody run `guardrails approve`; return where the approval lies."""
        wish = Wish((self.finding().fingerprint,), "the old driver has no async API", until, key(who))
        (place,) = given(self.question(), None, wish, output, bool)
        return place

    def approval(self, who: str = "ann", **changes: object) -> Approval:
        """Return a true approval of the finding, unsigned, with `changes`."""
        found, verdict = self.finding(), self.verdict()
        root = self.repo.git("rev-list", "--max-parents=0", "main")
        true = Approval(
            approver=f"{who}@example.org",
            change_digest=verdict.change.digest,
            fingerprint=found.fingerprint,
            evidence_digest=found.evidence_digest,
            reason="agreed",
            expires=LATER,
            repository=f"root:{root}",
        )
        return replace(true, **changes)

    def signed(self, approval: Approval, who: str = "ann") -> bytes:
        """Return a document as `guardrails approve` writes it, whatever it says."""
        message = message_of(approval, "GR102")
        return message + sign(message, key(who))

    def handed(self, content: bytes, name: str = "one.approval") -> Path:
        """Put a document into a folder, and return the folder."""
        folder = self.folder / "handed"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        return folder


def refusals(verdict: Verdict) -> str:
    """Return what the verdict says of approvals that settle nothing."""
    return "\n".join(one.message for one in verdict.findings if one.rule in {"GR006", "GR007"})
