"""`ssh-keygen -Y`: the program that signs for an approver and verifies for us.

It is given the one line of base's approvers that has to have signed, so nothing of the user's
own configuration, agent or known keys decides.
"""

import os
import subprocess
from pathlib import Path

from guardrails.adapters.consent.document import Document, Unacceptable
from guardrails.adapters.policy.approvers import NAMESPACE, Signer
from guardrails.adapters.scratch import room_in
from guardrails.model.errors import ToolMissing, UsageError

_SECONDS = 30
_SIGNING_SECONDS = 300  # a person looks for the token
_KEPT = ("PATH", "TMPDIR", "SYSTEMROOT")
_MISSING = "ssh-keygen cannot be started ({}); install OpenSSH 8.2 or newer on PATH"


def verify(document: Document, signer: Signer, folder: Path) -> None:
    """Raise Unacceptable unless `signer` signed exactly these bytes in our namespace; ToolMissing without OpenSSH.

    `folder` is a private folder for the two files that ssh-keygen reads.
    """
    allowed, signature = folder / "allowed", folder / "signature"
    with room_in(folder):
        line = f'{signer.name} namespaces="{NAMESPACE}" {signer.key_type} {signer.key}\n'
        allowed.write_text(line, "ascii")
        signature.write_bytes(document.signature)
    words = ["-Y", "verify", "-f", str(allowed), "-I", signer.name, "-n", NAMESPACE, "-s", str(signature)]
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(
            ["ssh-keygen", *words],
            input=document.message,
            capture_output=True,
            env={**kept, "LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)},
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ToolMissing(_MISSING.format(error.strerror)) from error
    except subprocess.TimeoutExpired:
        raise Unacceptable("ssh-keygen did not answer whether its signature is good") from None
    if done.returncode != 0:
        raise Unacceptable(
            "its signature is not good: the text or the signature was altered, or another key signed"
        )


def sign(message: bytes, key: Path) -> bytes:
    """Return the armoured signature that the owner of `key` gives; asks for a passphrase or a touch as OpenSSH does.

    Raises UsageError where the key does not sign, ToolMissing without OpenSSH.
    """
    try:
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE],
            input=message,
            stdout=subprocess.PIPE,
            timeout=_SIGNING_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ToolMissing(_MISSING.format(error.strerror)) from error
    except subprocess.TimeoutExpired:
        raise UsageError(f"--key {key}: nobody touched the token or gave the passphrase in time") from None
    if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise UsageError(f"--key {key}: ssh-keygen could not sign with it; its own words stand above")
    return done.stdout
