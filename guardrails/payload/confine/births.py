"""Every new process of the box asks the keeper first, so a fork bomb cannot outrun its counting.

RLIMIT_NPROC does not bind root, a pids cgroup needs a writable hierarchy, and a keeper that only
looks now and then is starved by the bomb it should see. A seccomp listener needs nothing.
"""

import _socket
import fcntl
import os

from guardrails.payload.confine import seccomp, system

_RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV, linux/seccomp.h
_SEND = 0xC0182101
_NOTICE_BYTES = 80
_CONTINUE = bytes(12) + (1).to_bytes(4, "little")


def ask_before_births(channel: _socket.socket) -> None:
    """Filter this process and what it starts; send the listener through `channel`; raises OSError."""
    system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    listener = system.attach_filter(seccomp.births(), listen=True)
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listener.to_bytes(4, "little"))
    channel.sendmsg([b"L"], [rights])
    os.close(listener)


def received_listener(channel: _socket.socket) -> int | None:
    """Return the listener that the child sent; None if it failed before it could."""
    _, rights, _, _ = channel.recvmsg(1, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
    return int.from_bytes(rights[0][2], "little") if rights else None


def notice(listener: int) -> bytes | None:
    """Return the identity of a process that wants to fork; None if it is gone meanwhile."""
    buffer = bytearray(_NOTICE_BYTES)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError:
        return None
    return bytes(buffer[:8])


def grant(listener: int, identity: bytes) -> None:
    """Let it fork."""
    try:
        fcntl.ioctl(listener, _SEND, identity + _CONTINUE)
    except OSError:  # it was killed while it waited
        return
