"""Disputes: files that a change itself brings, in which its author says that a rule or a test is wrong.

They are hostile input from end to end. All that one can do is to name a finding; base's policy
says whether that turns a block into a review.
"""

import re

from guardrails.adapters.policy.document import parse
from guardrails.model.approval import Dispute, Rejection
from guardrails.model.change import Change
from guardrails.model.errors import PolicyError
from guardrails.model.ports import Tree

FOLDER = ".guardrails/disputes/"
MAX_DISPUTES = 50
MAX_BYTES = 16 << 10
_LONGEST_REASON = 2_000
_FINGERPRINT = re.compile(r"[0-9a-f]{20}")


def disputes_in(change: Change, head: Tree) -> tuple[tuple[Dispute, ...], tuple[Rejection, ...]]:
    """Return the disputes that the change adds or alters, by path, and the files there that are none, with why."""
    heard: list[Dispute] = []
    refused: list[Rejection] = []
    files = [one for one in change.files if one.path.startswith(FOLDER) and one.new is not None]
    for file in sorted(files, key=lambda one: one.path)[:MAX_DISPUTES]:
        try:
            heard.append(_read(file.path, head.read(file.path)))
        except ValueError as error:
            refused.append(Rejection(file.path, str(error)))
        except PolicyError as error:
            refused.append(Rejection(file.path, error.message))
    if len(files) > MAX_DISPUTES:
        refused.append(
            Rejection(FOLDER, f"it holds more than {MAX_DISPUTES} disputes; the rest was not read")
        )
    return tuple(heard), tuple(refused)


def _read(path: str, content: bytes | None) -> Dispute:
    if content is None:
        raise ValueError("it is no regular file")
    if len(content) > MAX_BYTES:
        raise ValueError(f"it holds more than {MAX_BYTES} bytes")
    said = parse(path, content).data
    if not isinstance(said, dict) or sorted(said) != ["fingerprint", "reason"]:
        raise ValueError("its keys are not fingerprint and reason")
    fingerprint, reason = said["fingerprint"], said["reason"]
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError("its fingerprint is not the 20 hex digits that the JSON report shows, in quotes")
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("its reason is blank or no text")
    return Dispute(fingerprint, "the author", reason.strip()[:_LONGEST_REASON])
