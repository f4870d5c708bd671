"""`policies/approvers`: who may say yes to a finding, in the format of OpenSSH's allowed signers.

A line is a name and the public key with which its owner signs, or a name alone: somebody who is
known to the code host and cannot sign. `#` starts a comment. What would let one human be two, or
somebody else sign in his place (patterns, lists of names, authorities), is refused.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from guardrails.adapters.policy.document import text_of
from guardrails.adapters.policy.plain import shown
from guardrails.model.errors import PolicyError
from guardrails.model.frozen import frozen

NAMESPACE = "guardrails-approval"
TOUCH_KEYS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
_PLAIN_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_KEYS = (*TOUCH_KEYS, *_PLAIN_KEYS)
_PREFIXES = ("ssh-", "sk-", "ecdsa-")
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_OPTION = re.compile(r'([a-z-]+)(?:="([^"]*)")?(?:,|$)')
_MOMENT = re.compile(r"(\d{8})(\d{4}(?:\d{2})?)?Z?")
_PATTERN = frozenset('*?!,"')
_ONE_DAY = timedelta(days=1)


@frozen
class Signer:
    """A line of the file. `key` is base64 and empty for a name alone; the days are inclusive.

    A key counts on days that lie wholly within its validity, UTC.
    """

    name: str
    key_type: str = ""
    key: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def described(self) -> str:
        """The whole line in words, the key as its fingerprint."""
        if not self.key:
            return self.name
        digest = b64encode(hashlib.sha256(b64decode(self.key)).digest()).decode().rstrip("=")
        days = (
            f"from {self.first_day}" if self.first_day else "",
            f"to {self.last_day}" if self.last_day else "",
        )
        return " ".join(filter(None, (self.name, self.key_type, f"SHA256:{digest}", *days)))


def names_in(path: str, content: bytes) -> tuple[str, ...]:
    """Return the names in order, each once; raises PolicyError as `signers_in` does."""
    return tuple(dict.fromkeys(one.name for one in signers_in(path, content)))


def signers_in(path: str, content: bytes) -> tuple[Signer, ...]:
    """Return the lines in order; raises PolicyError for one that is not exactly one human's.

    Names are compared without case, as their hosts do, so that one human is not two approvers.
    """
    found: list[Signer] = []
    for number, line in enumerate(text_of(path, content).split("\n"), 1):
        said = line.partition("#")[0].strip()
        if said:
            try:
                found.append(_signer(said, found))
            except ValueError as error:
                raise PolicyError(path, number, str(error)) from None
    return tuple(found)


def _signer(line: str, before: list[Signer]) -> Signer:
    if line.count('"') % 2:
        raise ValueError(f"{shown(line)} has a quote that does not end; close it")
    name, *rest = _WORD.findall(line)
    if not name.isprintable() or (rest and not _is_key_or_options(rest[0])):
        raise ValueError(f"{shown(line)} is not one name; write one approver a line")
    if _PATTERN & set(name):
        raise ValueError(f"{shown(name)} is a pattern or a list; write one name a line, as it is")
    options = {} if not rest or rest[0].startswith(_PREFIXES) else dict(_options(rest.pop(0)))
    key_type, key = _key(name, rest) if rest or options else ("", "")
    for one in before:
        if one.name.casefold() == name.casefold() and (one.name != name or one.key == key or not key):
            raise ValueError(f"{shown(name)} is there twice; delete one of the two lines")
        if key and one.key == key and one.name != name:
            raise ValueError(f"{shown(name)} has the key of {shown(one.name)}; one human is one approver")
    return Signer(name, key_type, key, *_days(options))


def _is_key_or_options(word: str) -> bool:
    return "=" in word or word.startswith((*_PREFIXES, "cert-authority"))


def _key(name: str, words: list[str]) -> tuple[str, str]:
    if len(words) < len(("type", "key")):
        raise ValueError(f"{shown(name)} has options and no whole key; copy the line of the .pub file")
    key_type, key = words[:2]
    if key_type not in _KEYS:
        raise ValueError(f"{shown(key_type)} is no type of key that may sign; choose from {', '.join(_KEYS)}")
    try:
        blob = b64decode(key, validate=True)
    except ValueError:
        blob = b""
    if blob[4 : 4 + len(key_type)] != key_type.encode() or blob[:4] != len(key_type).to_bytes(4, "big"):
        raise ValueError(f"the key of {shown(name)} is damaged; copy the line of the .pub file")
    return key_type, b64encode(blob).decode()  # one spelling for one key


def _options(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        option = _OPTION.match(text, at)
        if option is None:
            raise ValueError(f'{shown(text)} are no options; write them as valid-before="YYYYMMDD"')
        if option[1] == "cert-authority":
            raise ValueError("cert-authority lets others name approvers; write each approver's own key")
        if option[1] not in {"namespaces", "valid-after", "valid-before"} or option[2] is None:
            raise ValueError(
                f"there is no option {shown(option[1])}; use namespaces, valid-after or valid-before"
            )
        yield option[1], option[2]
        at = option.end()


def _days(options: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Return the first and the last day on which the key counts."""
    if "namespaces" in options and not {NAMESPACE, "*"} & set(options["namespaces"].split(",")):
        raise ValueError(f"namespaces leaves out {NAMESPACE}, so the key could never approve; add it")
    after, before = (
        _moment(options[name]) if name in options else None for name in ("valid-after", "valid-before")
    )
    first = after and after.date() + (_ONE_DAY if after.time() != datetime.min.time() else timedelta())
    last = before and before.date() - _ONE_DAY
    return first, last


def _moment(text: str) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found is not None:
        try:
            return datetime.strptime(found[1] + (found[2] or "0000").ljust(6, "0"), "%Y%m%d%H%M%S").replace(
                tzinfo=UTC
            )
        except ValueError:
            pass
    raise ValueError(f"{shown(text)} is no day; write it as YYYYMMDD")
