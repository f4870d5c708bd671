"""A signed approval settles exactly one finding of one change; everything else that looks like one settles nothing."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from guardrails.adapters.consent import hearing
from guardrails.adapters.consent.document import MAX_BYTES, message_of
from guardrails.adapters.policy.approvers import NAMESPACE
from guardrails.model.errors import UsageError
from guardrails.model.finding import Status
from guardrails.model.verdict import Outcome, Verdict
from guardrails.tasks.approval.giving import Wish, given
from tests.attacks.approvals.desk import LATER, POLICY, SLOW, TODAY, Desk, key, line, public, refusals
from tests.attacks.arena import until
from tests.repos.token import Token


@pytest.fixture
def desk(place: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    return Desk(place)


def is_refused(verdict: Verdict, reason: str) -> bool:
    """Whether the change is still blocked and the verdict says so why."""
    assert reason in refusals(verdict)
    return verdict.outcome is Outcome.BLOCK and not verdict.approvals


def test_an_approval_lets_the_change_pass_and_every_word_of_it_is_in_the_verdict(desk: Desk) -> None:
    assert desk.verdict().outcome is Outcome.BLOCK
    ref = desk.approved()
    verdict = desk.verdict()
    (settled,) = [one for one in verdict.findings if one.status is Status.APPROVED]
    assert verdict.outcome is Outcome.PASS
    assert (
        settled.status_reason == f"approved by ann@example.org until {LATER}: the old driver has no async API"
    )
    assert [(one.approver, one.source, one.key) for one in verdict.approvals] == [
        ("ann@example.org", ref, "ssh-ed25519")
    ]
    assert any("nobody has to touch" in note for note in verdict.notes)


def test_an_approval_outlives_a_base_that_moves_elsewhere(desk: Desk) -> None:
    desk.approved()
    desk.repo.checkout("main").write("shop/other.py", "X = 1\n").commit("Move on")
    assert desk.verdict().outcome is Outcome.PASS


def test_another_push_voids_it(desk: Desk) -> None:
    desk.approved()
    desk.repo.write("shop/more.py", "Y = 2\n").commit("Push more")
    assert is_refused(desk.verdict(), "it was given for another change")


def test_another_finding_is_not_settled_by_it(desk: Desk) -> None:
    place = desk.handed(desk.signed(desk.approval(fingerprint="0" * 20)))
    assert is_refused(desk.verdict(place), "no finding of this verdict has its fingerprint")


def test_other_evidence_voids_it(desk: Desk) -> None:
    place = desk.handed(desk.signed(desk.approval(evidence_digest="1" * 64)))
    assert is_refused(desk.verdict(place), "it was given for other evidence")


def test_it_ends_with_its_last_day(desk: Desk) -> None:
    yesterday = TODAY - timedelta(days=1)
    place = desk.handed(desk.signed(desk.approval(expires=yesterday)))
    assert is_refused(desk.verdict(place), f"it expired on {yesterday}")
    place = desk.handed(desk.signed(desk.approval(expires=TODAY)))
    assert desk.verdict(place).outcome is Outcome.PASS


def test_a_key_that_only_head_lists_signs_nothing(desk: Desk) -> None:
    desk.repo.write("policies/approvers", line("ann") + line("bob") + line("eve")).commit("Add eve")
    place = desk.handed(desk.signed(desk.approval("eve"), "eve"))
    verdict = desk.verdict(place)
    assert is_refused(verdict, "an unknown signer")
    assert {"GR516", "GR518"} <= {one.rule for one in verdict.findings}


def test_an_approver_that_head_removes_still_counts_and_a_final_rule_stays(desk: Desk) -> None:
    desk.repo.write("policies/approvers", line("bob") + line("eve")).commit("Swap ann for eve")
    final = next(one for one in desk.verdict().findings if one.rule == "GR518")
    bound = {"fingerprint": final.fingerprint, "evidence_digest": final.evidence_digest}
    place = desk.handed(desk.signed(desk.approval(**bound)))
    assert is_refused(desk.verdict(place), "GR518 is final; nobody approves it")


@pytest.mark.parametrize("author", ["Ann@Example.org", "ann"])
def test_an_author_approves_nothing_of_his_own(desk: Desk, author: str) -> None:
    place = desk.handed(desk.signed(desk.approval()))
    assert is_refused(desk.verdict(place, authors=[author]), "ann@example.org is an author of the change")


def test_an_author_is_known_by_his_commits_and_their_trailers(place: Path, desk: Desk) -> None:
    desk.repo.commit("Pair\n\nCo-authored-by: Ann <ann@example.org>")
    assert is_refused(
        desk.verdict(desk.handed(desk.signed(desk.approval()))), "ann@example.org is an author of the change"
    )
    own = Desk(place / "own", POLICY.replace("any}", "any, own_changes: true}"))
    own.repo.commit("Pair\n\nCo-authored-by: Ann <ann@example.org>")
    own.approved()
    assert own.verdict().outcome is Outcome.PASS


def test_a_bot_approves_nothing(place: Path, desk: Desk) -> None:
    bots = Desk(place / "bots", POLICY.replace("any}", 'any, bots: ["BOB@example.org"]}'))
    folder = bots.handed(bots.signed(bots.approval("bob"), "bob"))
    assert is_refused(bots.verdict(folder), "bob@example.org is listed as a bot")
    assert is_refused(desk.verdict(folder), "another repository")


def test_it_cannot_be_replayed_in_another_repository(place: Path, desk: Desk) -> None:
    twin = Desk(place / "twin")
    twin.repo.checkout("main").git("commit", "-q", "--amend", "--no-verify", "-m", "Another beginning")
    twin.repo.git("checkout", "-q", "-B", "slow").splitlines()
    twin.repo.write("shop/app.py", SLOW).commit("Sleep")
    folder = desk.handed(desk.signed(desk.approval()))
    assert twin.verdict().change.digest == desk.verdict().change.digest
    assert is_refused(twin.verdict(folder), "it was given for another repository")
    assert desk.verdict(folder).outcome is Outcome.PASS


def test_a_name_in_policy_tells_two_repositories_with_one_history_apart(place: Path, desk: Desk) -> None:
    named = Desk(place / "named", f"{POLICY}repository: acme/shop\n")
    by_root = named.handed(named.signed(named.approval()))
    assert is_refused(named.verdict(by_root), "another repository")
    named.approved()
    assert [one.repository for one in named.verdict().approvals] == ["name:acme/shop"]


def test_a_shallow_clone_recognises_nothing_and_says_what_to_do(place: Path, desk: Desk) -> None:
    desk.approved()
    folder = desk.handed(desk.signed(desk.approval()))
    for _ in range(2):
        desk.repo.commit("Nothing")
    desk.repo.write(".git/shallow", f"{desk.repo.git('rev-parse', 'main')}\n")
    assert is_refused(desk.verdict(folder), "fetch its whole history")


TAMPERED = {
    "a later day": (
        str(LATER).encode(),
        str(LATER + timedelta(days=900)).encode(),
        "its signature is not good",
    ),
    "another reason": (b'"agreed"', b'"sure"', "its signature is not good"),
    "another name": (b'"ann@example.org"', b'"bob@example.org"', "signed with the key of ann@example.org"),
    "a doubled key": (b'"version": 1\n', b'"version": 1,\n  "version": 1\n', "it says one thing twice"),
    "another spelling": (b'  "version"', b'   "version"', "not exactly as `guardrails approve` writes it"),
    "a later version": (b'"version": 1\n', b'"version": 2\n', "its version is not 1"),
    "one more key": (b'  "version"', b'  "trust": true,\n  "version"', "its keys are not"),
    "a path for a name": (b'"ann@example.org"', b'"../../policies x"', "its approver is malformed"),
    "a broken signature": (
        b"-----BEGIN SSH SIGNATURE-----\nU1NI",
        b"-----BEGIN SSH SIGNATURE-----\nAAAA",
        "damaged",
    ),
    "no signature": (b"-----BEGIN SSH SIGNATURE-----", b"", "it has no SSH signature"),
    "two signatures": (
        b"-----END SSH SIGNATURE-----\n",
        b"-----END SSH SIGNATURE-----\nmore\n",
        "below its signature",
    ),
}


@pytest.mark.parametrize(("old", "new", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_a_document_that_was_tampered_with_is_told_by_its_fault(
    desk: Desk, old: bytes, new: bytes, reason: str
) -> None:
    content = desk.signed(desk.approval())
    assert old in content
    assert is_refused(desk.verdict(desk.handed(content.replace(old, new))), reason)


def test_a_signature_for_another_purpose_is_no_approval(desk: Desk, tmp_path: Path) -> None:
    message = message_of(desk.approval(), "GR102")
    words = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key("ann")), "-n", "git"]
    signature = subprocess.run(words, input=message, capture_output=True, check=True).stdout
    assert is_refused(desk.verdict(desk.handed(message + signature)), "for another namespace")


def test_a_signature_of_one_approver_over_the_words_of_another_is_none(desk: Desk) -> None:
    folder = desk.handed(desk.signed(desk.approval("bob"), "ann"))
    assert is_refused(desk.verdict(folder), "signed with the key of ann@example.org, not with one of bob")


def test_what_lies_in_the_folder_and_is_no_file_is_neither_followed_nor_waited_for(desk: Desk) -> None:
    good = desk.signed(desk.approval())
    outside = desk.folder / "outside.approval"
    outside.write_bytes(good)
    folder = desk.handed(b"\xff\x00" * 10, "binary.approval")
    (folder / "linked.approval").symlink_to(outside)
    os.mkfifo(folder / "pipe.approval")
    (folder / "nested").mkdir()
    (folder / "nested" / "good.approval").write_bytes(good)
    (folder / "deep.approval").write_bytes(b"[" * 60_000 + b"-----BEGIN SSH SIGNATURE-----\n")
    with (folder / "huge.approval").open("wb") as huge:
        huge.truncate(1 << 33)
    verdict = desk.verdict(folder)
    for reason in (
        "linked.approval) is not accepted: it is a symbolic link",
        "pipe.approval) is not accepted: it is no regular file",
        "nested) is not accepted: it is no regular file",
        "binary.approval) is not accepted: it is no approval",
        "deep.approval) is not accepted: it is no approval",
        f"huge.approval) is not accepted: it holds more than {MAX_BYTES} bytes",
    ):
        assert is_refused(verdict, reason)


def test_a_name_with_dots_is_a_name_and_a_place_that_is_not_there_is_an_error(desk: Desk) -> None:
    folder = desk.handed(desk.signed(desk.approval()), "..one.approval..")
    (folder / "..one.approval..").rename(folder / "x..approval")
    assert desk.verdict(folder / ".." / "handed").outcome is Outcome.PASS
    with pytest.raises(UsageError, match="there is nothing"):
        desk.verdict(folder / "missing")


def test_a_thousand_copies_of_one_approval_are_one_approver(place: Path, desk: Desk) -> None:
    two = Desk(place / "two", POLICY.replace("any}", "any, approvers: 2}"))
    content = two.signed(two.approval())
    for number in range(12):
        folder = two.handed(content, f"{number}.approval")
    again = two.signed(two.approval(reason="agreed once more"))
    two.handed(again, "again.approval")
    assert is_refused(two.verdict(folder), "GR102 takes 2 approvers")
    two.handed(two.signed(two.approval("bob"), "bob"), "bob.approval")
    verdict = two.verdict(folder)
    assert verdict.outcome is Outcome.PASS
    assert "approved by ann@example.org" in verdict.findings[-1].status_reason
    assert "bob@example.org until" in verdict.findings[-1].status_reason


def test_without_ssh_keygen_nothing_is_accepted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = desk.handed(desk.signed(desk.approval()))
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert is_refused(desk.verdict(folder), "no signature can be verified: ssh-keygen cannot be started")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ('valid-before="20200101"', "counted until 2019-12-31"),
        ('valid-after="29990101"', "counts from 2999-01-01 only"),
        (f'valid-after="20200101",valid-before="29990101",namespaces="{NAMESPACE}"', ""),
    ],
)
def test_the_days_of_a_key_are_honoured(place: Path, desk: Desk, options: str, reason: str) -> None:
    dated = Desk(place / "dated", approvers=line("ann", options))
    verdict = dated.verdict(dated.handed(dated.signed(dated.approval())))
    assert verdict.outcome is (Outcome.BLOCK if reason else Outcome.PASS)
    assert reason in refusals(verdict)


def test_by_default_only_a_touched_token_signs(place: Path, desk: Desk) -> None:
    token = Token(b"t" * 32)
    approvers = f"ann@example.org {token.public}\nbob@example.org {public('bob')}\n"
    strict = Desk(place / "strict", POLICY.replace("approvals: {keys: any}\n", ""), approvers)
    message = message_of(strict.approval(), "GR102")
    touched = message + token.sign(message, NAMESPACE)
    untouched = message + token.sign(message, NAMESPACE, is_touched=False)
    soft = strict.signed(strict.approval("bob"), "bob")
    assert is_refused(strict.verdict(strict.handed(soft)), "its key type ssh-ed25519 is not allowed")
    assert is_refused(strict.verdict(strict.handed(untouched)), "nobody touched the token")
    verdict = strict.verdict(strict.handed(touched))
    assert verdict.outcome is Outcome.PASS
    assert not [note for note in verdict.notes if "touch" in note]


@pytest.fixture
def agent(place: Path) -> Iterator[dict[str, str]]:
    """Start an ssh-agent of our own and return the variables that lead to it."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(place / "agent")], stdout=subprocess.DEVNULL)
    try:
        until((place / "agent").exists)
        yield {**os.environ, "SSH_AUTH_SOCK": str(place / "agent")}
    finally:
        process.terminate()
        process.wait()


def test_a_certificate_is_no_key_of_base(desk: Desk, place: Path, agent: dict[str, str]) -> None:
    for name, content in (("ann", key("ann").read_text()), ("ann.pub", public("ann"))):
        (place / name).write_text(content)
        (place / name).chmod(0o600)
    authority = ["-s", str(key("ca")), "-I", "x", "-n", "ann@example.org"]
    subprocess.run(["ssh-keygen", "-q", *authority, str(place / "ann.pub")], check=True)
    subprocess.run(["ssh-add", "-q", str(place / "ann")], check=True, env=agent)
    message = message_of(desk.approval(), "GR102")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(place / "ann-cert.pub"), "-n", NAMESPACE]
    done = subprocess.run(sign, input=message, capture_output=True, check=True, env=agent)
    assert is_refused(desk.verdict(desk.handed(message + done.stdout)), "it is signed with a certificate")


def test_owners_and_terms_say_who_alone_may_approve(place: Path, desk: Desk) -> None:
    terms = "any, owners: {shop: [bob@example.org]}, rules: {architecture: {by: [bob@example.org]}}}"
    owned = Desk(place / "owned", POLICY.replace("any}", terms))
    folder = owned.handed(owned.signed(owned.approval()))
    assert is_refused(owned.verdict(folder), "base's policy lets only bob@example.org approve GR102")
    closed = Desk(place / "closed", POLICY.replace("any}", "any, rules: {GR102: {approvable: false}}}"))
    folder = closed.handed(closed.signed(closed.approval()))
    assert is_refused(closed.verdict(folder), "base's policy lets nobody approve GR102")
    with pytest.raises(UsageError, match="lets nobody approve GR102"):
        closed.approved()


def test_what_would_be_refused_is_never_signed(desk: Desk) -> None:
    with pytest.raises(UsageError, match="does not list this key"):
        desk.approved("eve")
    with pytest.raises(UsageError, match="is past"):
        desk.approved(until=TODAY - timedelta(days=1))
    wish = Wish((desk.finding().fingerprint,), "why", LATER, key("ann"))
    with pytest.raises(UsageError, match="nothing was signed"):
        list(given(desk.question(), None, wish, None, lambda text: "you consent" not in text.lower()))
    assert desk.repo.git("for-each-ref", "refs/guardrails") == ""


def test_a_flood_of_forgeries_costs_a_bounded_number_of_looks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "MAX_VERIFIED", 3)
    content = desk.signed(desk.approval())
    for number in range(30):
        folder = desk.handed(
            content.replace(b'"agreed"', f'"agreed {number}"'.encode()), f"{number:02}.approval"
        )
    verdict = desk.verdict(folder)
    assert is_refused(verdict, "3 signatures were verified already, and no more are")
    assert refusals(verdict).count("its signature is not good") == 3
    assert "10 more approvals are not accepted" in refusals(verdict)


def test_hundreds_of_empty_commits_hide_no_author(desk: Desk) -> None:
    desk.repo.commit("Begin\n\nCo-authored-by: Ann <ann@example.org>")
    tip = desk.repo.head
    for _ in range(40):
        tip = desk.repo.git("commit-tree", "-p", tip, "-m", "Nothing", desk.repo.tree())
    desk.repo.git("update-ref", "refs/heads/slow", tip)
    assert is_refused(desk.verdict(desk.handed(desk.signed(desk.approval()))), "ann@example.org is an author")


def test_findings_that_are_alike_are_all_shown_before_one_signature_settles_them(desk: Desk) -> None:
    desk.repo.write("shop/app.py", SLOW.replace("    return", "    time.sleep(1)\n    return")).commit(
        "Twice"
    )
    shown: list[str] = []

    def agreed(text: str) -> bool:
        shown.append(text)
        return True

    wish = Wish((desk.finding().fingerprint,), "why", LATER, key("ann"))
    list(given(desk.question(), None, wish, None, agreed))
    assert "2 of these are alike, and you consent to all: shop/app.py:5, shop/app.py:6" in shown[0]
    assert desk.verdict().outcome is Outcome.PASS
