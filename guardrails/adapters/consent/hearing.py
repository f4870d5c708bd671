"""Which of the documents that were handed in are approvals of this change, and why the others are none.

A document is looked at in the order in which it costs least: what it says of itself, then whose
key signed it, then the signature. What is for another change is only counted, since a store keeps
the approvals of every change.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from datetime import date
from typing import Literal

from guardrails.adapters.consent.document import Document, Unacceptable, read
from guardrails.adapters.consent.keygen import verify
from guardrails.adapters.consent.signature import signature_in
from guardrails.adapters.policy.approvers import NAMESPACE, TOUCH_KEYS, Signer
from guardrails.adapters.scratch import RunFolder
from guardrails.model.approval import Approval, Rejection
from guardrails.model.errors import ToolMissing
from guardrails.model.frozen import frozen, replace

MAX_VERIFIED = 200


@frozen
class Handed:
    """One thing that was handed in: its content, or why it could not be read. `is_named` says that a user named it."""

    source: str
    content: bytes = b""
    fault: str = ""
    is_named: bool = True


@frozen
class Expected:
    """What an approval has to be for, and whose signatures base takes."""

    repository: str
    change_digest: str
    fingerprints: Collection[str]
    signers: tuple[Signer, ...]
    keys: Literal["touch", "any"]
    today: date


def heard(handed: Iterable[Handed], expected: Expected) -> tuple[tuple[Approval, ...], tuple[Rejection, ...]]:
    """Return the verified approvals of this change, and what is refused with the reason of each."""
    approvals: dict[Approval, None] = {}
    rejections: list[Rejection] = []
    tried = 0
    with closing(RunFolder()) as folder:
        for one in handed:
            try:
                document = _document(one)
                if elsewhere := _elsewhere(document.claimed, expected):
                    if one.is_named or document.claimed.fingerprint in expected.fingerprints:
                        rejections.append(_rejection(document.claimed, elsewhere))
                    continue  # a store holds the approvals of every change
                tried += 1
                if tried > MAX_VERIFIED:
                    raise Unacceptable(f"{MAX_VERIFIED} signatures were verified already, and no more are")
                approvals.setdefault(_verified(document, expected, folder), None)
            except Unacceptable as error:
                rejections.append(_refused(one, str(error)))
            except ToolMissing as error:
                rejections.append(_refused(one, f"no signature can be verified: {error}"))
    return tuple(approvals), tuple(rejections)


def _document(one: Handed) -> Document:
    if one.fault:
        raise Unacceptable(one.fault)
    return read(one.source, one.content)


def _rejection(claimed: Approval, reason: str) -> Rejection:
    return Rejection(claimed.source, reason, claimed.approver, claimed.fingerprint)


def _refused(one: Handed, reason: str) -> Rejection:
    """Return a rejection that tells whose approval of what it claims to be, where that can be read."""
    try:
        return _rejection(_document(one).claimed, reason)
    except Unacceptable:
        return Rejection(one.source, reason)


def _elsewhere(claimed: Approval, expected: Expected) -> str:
    """Return why a document is not about this change; what it says is not verified, and need not be."""
    if not expected.repository:
        return "this repository cannot be recognised: fetch its whole history, or let base's policy name it"
    if claimed.repository != expected.repository:
        return "it was given for another repository"
    if claimed.change_digest != expected.change_digest:
        return f"it was given for another change ({claimed.change_digest[:12]}); any push voids an approval"
    if claimed.fingerprint not in expected.fingerprints:
        return "no finding of this verdict has its fingerprint"
    return ""


def _verified(document: Document, expected: Expected, folder: RunFolder) -> Approval:
    """Return the approval, its signature verified; raises Unacceptable with the reason, ToolMissing without OpenSSH."""
    claimed = document.claimed
    signature = signature_in(document.signature)
    if signature.namespace != NAMESPACE:
        raise Unacceptable("its signature is for another namespace, so it was never meant as an approval")
    signer = _signer(claimed, signature.key_type, signature.key, expected.signers)
    if expected.keys == "touch":
        if signature.key_type not in TOUCH_KEYS:
            raise Unacceptable(
                f"its key type {signature.key_type} is not allowed: base takes only keys on a token that is touched"
                " (`approvals.keys`)"
            )
        if not signature.is_touched:
            raise Unacceptable("nobody touched the token that signed it, and base wants a touch")
    if signer.first_day is not None and expected.today < signer.first_day:
        raise Unacceptable(f"the key of {signer.name} counts from {signer.first_day} only")
    if signer.last_day is not None and expected.today > signer.last_day:
        raise Unacceptable(f"the key of {signer.name} counted until {signer.last_day}")
    place = folder.fresh("approval")
    verify(document, signer, place)
    folder.discard(place)
    return replace(claimed, key=signature.key_type)


def _signer(claimed: Approval, key_type: str, key: str, signers: Sequence[Signer]) -> Signer:
    if key_type.endswith("-cert-v01@openssh.com"):
        raise Unacceptable("it is signed with a certificate; sign with the key itself that base lists")
    owner = next((one for one in signers if one.key == key), None)
    if owner is None:
        raise Unacceptable(
            "an unknown signer: base's policies/approvers does not list the key that signed it"
        )
    if owner.name != claimed.approver:
        raise Unacceptable(f"it is signed with the key of {owner.name}, not with one of {claimed.approver}")
    return owner
