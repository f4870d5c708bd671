"""Which public key belongs to the key that an approver names: beside it, in it, or told by ssh-keygen."""

import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

from guardrails.model.errors import ToolMissing, UsageError

_LONGEST = 64 << 10
_USUAL = ("id_ed25519_sk", "id_ecdsa_sk")
_SECONDS = 60


def usual_key(home: Path) -> Path:
    """Return the first key on a token in `~/.ssh`; raises UsageError where there is none."""
    for name in _USUAL:
        if (home / ".ssh" / name).is_file():
            return home / ".ssh" / name
    raise UsageError(
        f"--key is needed: {home}/.ssh holds none of {', '.join(_USUAL)}; name the key that base lists"
    )


def public_key(key: Path) -> str:
    """Return the public key, base64, as a .pub file has it; raises UsageError for what is no key."""
    beside = key.with_name(f"{key.name}.pub")
    for place in (beside, key):
        words = _words(place)
        if len(words) > 1 and words[0].startswith(("ssh-", "sk-", "ecdsa-")):
            return _normal(words[1], key)
    try:
        done = subprocess.run(
            ["ssh-keygen", "-y", "-f", str(key)],
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ToolMissing(
            f"ssh-keygen cannot be started ({error.strerror}); install OpenSSH 8.2 or newer"
        ) from error
    except subprocess.TimeoutExpired:
        raise UsageError(f"--key {key}: nobody gave its passphrase in time") from None
    words = done.stdout.split()
    if done.returncode != 0 or len(words) < len(("type", "key")):
        raise UsageError(f"--key {key}: this is no SSH key that can be read")
    return _normal(words[1], key)


def key_line(key: str) -> str:
    """Return type and key, as a line of `policies/approvers` has them."""
    blob = b64decode(key)
    size = int.from_bytes(blob[:4], "big")
    return f"{blob[4 : 4 + size].decode('ascii', 'replace')} {key}"


def _words(place: Path) -> list[str]:
    try:
        with place.open("rb") as file:
            return file.read(_LONGEST).decode("ascii", "replace").split()
    except OSError:
        return []


def _normal(text: str, key: Path) -> str:
    try:
        return b64encode(b64decode(text, validate=True)).decode()
    except ValueError:
        raise UsageError(f"--key {key}: its public key is damaged") from None
