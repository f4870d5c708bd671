"""The interpreter's own digests are OpenSSL's."""

import hashlib
import subprocess
import sys

import pytest

from guardrails.model import digest
from guardrails.model.digest import hash_of, sha256

SCRIPT = """
import sys
from guardrails.model.digest import hash_of, sha256
one = sha256(b"a")
one.update(b"b")
print(one.hexdigest(), hash_of("sha1", b"ab").hexdigest(), hash_of("sha256", b"").hexdigest())
print("hashlib" in sys.modules)
hash_of("sha1", b"", 4 << 20)
print("hashlib" in sys.modules)
"""


def test_without_openssl_the_digests_are_the_same_until_there_is_much_to_hash() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    expected = [hashlib.sha256(b"ab"), hashlib.sha1(b"ab"), hashlib.sha256()]
    assert done.stdout.split() == [*(one.hexdigest() for one in expected), "False", "True"]


def test_an_interpreter_without_code_of_its_own_uses_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_OWN", {"sha256": ("_no_such",), "sha1": ("_no_such",)})
    monkeypatch.delitem(sys.modules, "hashlib", raising=False)
    assert sha256(b"ab").hexdigest() == hashlib.sha256(b"ab").hexdigest()
    assert hash_of("sha1", b"ab").hexdigest() == hashlib.sha1(b"ab").hexdigest()
