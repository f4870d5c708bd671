"""A security token in software: signs as an `sk-ssh-ed25519` key does, touched or not.

OpenSSH signs with real tokens only, and none is plugged into the machine that runs the tests. The
arithmetic is that of RFC 8032 (Ed25519), slow and without any protection: for tests alone.
"""

import hashlib
from base64 import b64encode

KEY_TYPE = b"sk-ssh-ed25519@openssh.com"
_APPLICATION = b"ssh:"
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int]


def _recovered(y: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    return _P - x if x % 2 else x


_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE: _Point = (_recovered(_BASE_Y), _BASE_Y)


def _sum(one: _Point, other: _Point) -> _Point:
    (x1, y1), (x2, y2) = one, other
    cross = _D * x1 * x2 * y1 * y2 % _P
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, _P)
    y = (y1 * y2 + x1 * x2) * pow(1 - cross, -1, _P)
    return x % _P, y % _P


def _times(point: _Point, factor: int) -> _Point:
    total: _Point = (0, 1)
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point, factor = _sum(point, point), factor >> 1
    return total


def _packed(point: _Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class Token:
    """A token made from a seed. `public` is the line of its .pub file, without a comment."""

    def __init__(self, seed: bytes) -> None:
        digest = hashlib.sha512(seed).digest()
        self._secret = (int.from_bytes(digest[:32], "little") & ((1 << 254) - 8)) | (1 << 254)
        self._prefix = digest[32:]
        self._key = _packed(_times(_BASE, self._secret))
        self._blob = _string(KEY_TYPE) + _string(self._key) + _string(_APPLICATION)
        self.public = f"{KEY_TYPE.decode()} {b64encode(self._blob).decode()}"

    def sign(self, message: bytes, namespace: str, *, is_touched: bool = True) -> bytes:
        """Return the armoured signature (PROTOCOL.sshsig) of `message`."""
        common = _string(namespace.encode()) + _string(b"") + _string(b"sha512")
        signed = b"SSHSIG" + common + _string(hashlib.sha512(message).digest())
        tail = bytes([1 if is_touched else 0]) + (7).to_bytes(4, "big")
        raw = self._raw(hashlib.sha256(_APPLICATION).digest() + tail + hashlib.sha256(signed).digest())
        signature = _string(KEY_TYPE) + _string(raw) + tail
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + _string(self._blob) + common + _string(signature)
        text = b64encode(blob)
        lines = [text[at : at + 70] for at in range(0, len(text), 70)]
        return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])

    def _raw(self, message: bytes) -> bytes:
        nonce = _number(self._prefix, message) % _ORDER
        point = _packed(_times(_BASE, nonce))
        challenge = _number(point, self._key, message) % _ORDER
        return point + ((nonce + challenge * self._secret) % _ORDER).to_bytes(32, "little")
