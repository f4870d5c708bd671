"""What an SSH signature says of itself (OpenSSH, PROTOCOL.sshsig): whose key, of which type, for what, touched or not.

`ssh-keygen -Y verify` says whether a signature is good, and not whether a token was touched for
it, so that one flag is read here. Everything is hostile input.
"""

from base64 import b64decode, b64encode

from guardrails.adapters.consent.document import Unacceptable
from guardrails.adapters.policy.approvers import TOUCH_KEYS
from guardrails.model.frozen import frozen

_MAGIC = b"SSHSIG"
_TOUCHED = 0x01
_TAIL = 5  # one byte of flags, four of a counter


@frozen
class Signature:
    """`key` is base64, as in a .pub file; `is_touched` is whether a token says that it was touched."""

    key_type: str
    key: str
    namespace: str
    is_touched: bool


def signature_in(armoured: bytes) -> Signature:
    """Return what the signature says; raises Unacceptable for one that is damaged."""
    lines = armoured.split(b"\n")
    if lines[0] != b"-----BEGIN SSH SIGNATURE-----" or b"-----END SSH SIGNATURE-----" not in lines:
        raise Unacceptable("its signature is damaged")
    end = lines.index(b"-----END SSH SIGNATURE-----")
    if any(line.strip() for line in lines[end + 1 :]):
        raise Unacceptable("something stands below its signature")
    try:
        return _read(b64decode(b"".join(lines[1:end]), validate=True))
    except (ValueError, IndexError):
        raise Unacceptable("its signature is damaged") from None


def _read(blob: bytes) -> Signature:
    if not blob.startswith(_MAGIC) or blob[6:10] != (1).to_bytes(4, "big"):
        raise ValueError
    rest = blob[10:]
    key, rest = _string(rest)
    namespace, rest = _string(rest)
    _, rest = _string(rest)  # reserved
    _, rest = _string(rest)  # the name of the hash
    signed, rest = _string(rest)
    if rest:
        raise ValueError
    key_type = _string(key)[0].decode("ascii")
    return Signature(
        key_type, b64encode(key).decode(), namespace.decode("ascii"), _is_touched(key_type, signed)
    )


def _is_touched(key_type: str, signed: bytes) -> bool:
    kind, rest = _string(signed)
    if key_type not in TOUCH_KEYS or kind.decode("ascii") != key_type:
        return False
    _, tail = _string(rest)
    return len(tail) == _TAIL and bool(tail[0] & _TOUCHED)


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Return the first length-prefixed string and what follows it."""
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        raise ValueError
    return data[4 : 4 + size], data[4 + size :]
