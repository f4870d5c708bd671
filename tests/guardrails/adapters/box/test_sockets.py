import contextlib
import os
import socket
from pathlib import Path

import pytest

from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box
from tests.guardrails.adapters.box.attacker import command, is_held, said


def test_network_of_the_host_is_out_of_reach(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = """
def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(address)
port = int(sys.argv[1])
attempt(lambda: connect(socket.AF_INET, ("127.0.0.1", port)))
attempt(lambda: connect(socket.AF_INET, ("10.0.0.1", 80)))
attempt(lambda: connect(socket.AF_INET6, ("::ffff:127.0.0.1", port)))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.0.0.1", 53)))
attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt(lambda: socket.socket(40, socket.SOCK_STREAM))
"""
        assert all(map(is_held, said(box, code, listener.getsockname()[1])))


def test_loopback_works_where_the_box_has_its_own(box: Box) -> None:
    code = """
def talk():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return socket.create_connection(server.getsockname()).close()
attempt(talk)
"""
    assert said(box, code)[0] == ("held EAFNOSUPPORT" if box.level is BoxLevel.LANDLOCK else "did None")


def test_unix_sockets_of_the_host_are_out_of_reach(box: Box, tmp_path: Path) -> None:
    path, name = str(tmp_path / "agent"), f"guardrails-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        for kind, address in (
            (socket.SOCK_STREAM, path),
            (socket.SOCK_STREAM, "\0" + name),
            (socket.SOCK_DGRAM, path + "-datagram"),
            (socket.SOCK_DGRAM, "\0datagram" + name),
        ):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            listener.bind(address)
            if kind is socket.SOCK_STREAM:
                listener.listen()
        code = """
path, name = sys.argv[1:]
def socket_of(kind):
    return socket.socket(socket.AF_UNIX, kind)
attempt(lambda: socket_of(socket.SOCK_STREAM).connect(path))
attempt(lambda: socket_of(socket.SOCK_STREAM).connect("\\0" + name))
for address in (path + "-datagram", "\\0datagram" + name):
    attempt(lambda: socket_of(socket.SOCK_DGRAM).sendto(b"x", address))
    attempt(lambda: socket_of(socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, address))
    attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendmsg([b"x"], [], 0, address))
    attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)[0].sendmsg([b"x"], [], 0, address))
"""
        assert all(map(is_held, said(box, code, path, name)))


def test_service_in_the_box_is_reached_over_a_unix_socket(box: Box, scratch: Path) -> None:
    code = """
server = socket.socket(socket.AF_UNIX)
server.bind("service")
os.chmod("service", 0o666)
server.listen()
print("ready", flush=True)
connection, _ = server.accept()
connection.sendall(b"hello")
"""
    with socket.socket(socket.AF_UNIX) as client:
        process = box.start(command(code, writable=(scratch,)))
        try:
            client.settimeout(20)
            while client.connect_ex(str(scratch / "service")):
                assert process.is_running()
            assert client.recv(5) == b"hello"
        finally:
            process.stop()


def test_inherited_socket_listens_in_the_box(box: Box, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "service"))
        server.listen()
        client.connect(str(tmp_path / "service"))
        code = 'socket.socket(fileno=int(sys.argv[1])).accept()[0].sendall(b"hello")'
        done = box.run(command(code, server.fileno(), inherit=(server.fileno(),)))
        assert (done.exit_code, client.recv(5)) == (0, b"hello")


def test_only_named_descriptors_are_inherited(box: Box, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w+") as secret:
        secret.write("secret")
        secret.flush()
        os.set_inheritable(secret.fileno(), True)  # noqa: FBT003 - the standard library's own signature
        code = """
found = []
for number in range(3, 1024):
    try:
        found.append((number, os.fstat(number).st_ino))
    except OSError:
        pass
print(found)
"""
        assert said(box, code) == ["[]"]


def test_descriptor_that_leads_out_is_refused(box: Box, tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            for descriptor in (folder, listener.fileno()):
                with pytest.raises(BoxError, match="would lead out of the box"):
                    box.run(command("", inherit=(descriptor,)))
    finally:
        os.close(folder)


def test_standard_descriptor_cannot_be_passed_on(box: Box) -> None:
    with pytest.raises(BoxError, match="file descriptor 1 is the box's own"):
        box.run(command("", inherit=(1,)))
