"""The third rung: Landlock, for machines where namespaces are forbidden.

Needs ABI 6 (Linux 6.12): older kernels cannot keep a program from signalling, or reaching over
abstract sockets, the other processes of its user. Rights and structures are those of
linux/landlock.h.
"""

import os
import stat

from guardrails.payload.confine import system

NEEDED_ABI = 6
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK, _REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 6, 1 << 11, 1 << 13, 1 << 14, 1 << 15
_ALL_FILES = (1 << 16) - 1
_ON_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_ALL_NETWORK = 3
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = _ALL_FILES & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEVICE)
USE = _READ_FILE | _WRITE_FILE


def abi() -> int:
    """Return the version of Landlock this kernel offers; raises OSError when it is off."""
    ask_version = 1
    return system.syscall("landlock", _CREATE_RULESET, None, 0, ask_version)


def is_sufficient() -> bool:
    """Whether this kernel's Landlock can scope signals."""
    try:
        return abi() >= NEEDED_ABI
    except OSError:
        return False


def scope_signals() -> None:
    """Let this process and its descendants signal nobody but themselves; raises OSError.

    Every ruleset denies moving files between folders unless it allows it, hence the right on `/`.
    """
    ruleset = _ruleset(_REFER, 0, _SCOPE_SIGNALS)
    _allow(ruleset, "/", _REFER)
    _restrict(ruleset)


def confine(rights: dict[str, int]) -> None:
    """Leave only `rights` by path, no TCP, and no signals or abstract sockets beyond; raises OSError.

    A path that does not exist is passed over: what is not there needs no right.
    """
    ruleset = _ruleset(_ALL_FILES, _ALL_NETWORK, _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    for path, allowed in rights.items():
        _allow(ruleset, path, allowed)
    _restrict(ruleset)


def _ruleset(files: int, network: int, scoped: int) -> int:
    found = abi()
    if found < NEEDED_ABI:
        raise OSError(0, f"this kernel's Landlock is version {found}; {NEEDED_ABI} (Linux 6.12) is needed")
    attributes = b"".join(value.to_bytes(8, "little") for value in (files, network, scoped))
    return system.syscall("landlock_create_ruleset", _CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    path_beneath = 1
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            allowed &= _ON_A_FILE
        rule = allowed.to_bytes(8, "little") + place.to_bytes(4, "little")
        system.syscall("landlock_add_rule", _ADD_RULE, ruleset, path_beneath, rule, 0)
    finally:
        os.close(place)


def _restrict(ruleset: int) -> None:
    try:
        system.syscall("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
