import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.model.errors import BoxError
from guardrails.model.ports import Box
from tests.guardrails.adapters.box.attacker import command, is_alive, is_held, said


@contextlib.contextmanager
def _victim() -> Iterator[int]:
    victim = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
    with victim:
        yield victim.pid
        assert is_alive(victim.pid)


def test_secret_of_the_home_folder_is_out_of_sight(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("secret")
    code = 'attempt(lambda: open(sys.argv[1] + "/.netrc").read()); attempt(lambda: os.listdir(sys.argv[1]))'
    assert all(map(is_held, said(box, code, tmp_path)))


@pytest.mark.parametrize("path", ["/etc/shadow", "/proc/1/root/etc/shadow", "/proc/kcore"])
def test_system_secret_cannot_be_read(box: Box, path: str) -> None:
    assert all(map(is_held, said(box, "attempt(lambda: open(sys.argv[1], 'rb').read(1))", path)))


def test_proc_of_the_host_leads_nowhere(box: Box) -> None:
    code = """
for place in ("root", "cwd"):
    attempt(lambda: open("/proc/" + sys.argv[1] + "/" + place + "/etc/shadow").read())
attempt(lambda: open("/proc/1/root" + sys.argv[2] + "/secret").read())
"""
    assert all(map(is_held, said(box, code, os.getpid(), Path.home())))


def test_nothing_outside_the_writable_folder_can_be_written(box: Box, tmp_path: Path, scratch: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("kept")
    code = """
for place in sys.argv[1:]:
    attempt(lambda: open(place, "w").write("x"))
attempt(lambda: os.unlink(sys.argv[1]))
attempt(lambda: os.rename(sys.argv[1], "here"))
attempt(lambda: os.link(sys.argv[1], "here"))
attempt(lambda: os.truncate(sys.argv[1], 0))
attempt(lambda: open("/usr/bin/new", "w"))
"""
    places = (source / "file", source / "new", "/etc/passwd", "/usr/lib/x", "/dev/sda", "/x")
    lines = said(box, code, *places, readable=(source,), writable=(scratch,))
    assert all(map(is_held, lines))
    assert (source / "file").read_text() == "kept"


def test_what_is_written_beside_the_writable_folder_does_not_reach_the_host(box: Box, scratch: Path) -> None:
    box.run(command('attempt(lambda: open("../beside", "w").write("x"))', writable=(scratch,)))
    assert [path.name for path in scratch.parent.iterdir()] == ["scratch"]


def test_modes_owners_and_times_of_the_source_stay(box: Box, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    path = source / "file"
    path.write_text("x")
    before = path.stat()
    code = """
attempt(lambda: os.chmod(sys.argv[1], 0o777))
attempt(lambda: os.utime(sys.argv[1], (1, 1)))
attempt(lambda: os.setxattr(sys.argv[1], "user.mark", b"1"))
with open(sys.argv[1]) as file:
    attempt(lambda: os.fchmod(file.fileno(), 0o777))
"""
    said(box, code, path, readable=(source,))
    after = path.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert os.listxattr(path) == []


def test_writable_folder_and_temporary_files_work(box: Box, scratch: Path) -> None:
    code = """
import tempfile
open("result", "w").write("written")
os.mkdir("folder"); os.rename("result", "folder/result")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
print("fine")
"""
    assert said(box, code, writable=(scratch,)) == ["fine"]
    assert (scratch / "folder" / "result").read_text() == "written"


def test_writable_folder_inside_a_readable_one_is_writable(box: Box, tmp_path: Path, scratch: Path) -> None:
    code = 'attempt(lambda: open("new", "w").write("x")); attempt(lambda: open("../new", "w"))'
    done, held = said(box, code, readable=(tmp_path,), writable=(scratch,))
    assert done == "did 1"
    assert is_held(held)


def test_link_in_a_writable_folder_leads_nowhere(box: Box, tmp_path: Path, scratch: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (scratch / "planted").symlink_to(secret)
    code = """
os.symlink(sys.argv[1], "made")
os.symlink("/", "root")
for place in ("planted", "made", "root" + sys.argv[1], "../secret"):
    attempt(lambda: open(place).read())
    attempt(lambda: open(place, "w").write("x"))
"""
    assert not any("did secret" in line for line in said(box, code, secret, writable=(scratch,)))
    assert secret.read_text() == "secret"


def test_readable_path_that_is_a_link_works(box: Box, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("content")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    path = tmp_path / "link" / "file"
    assert said(box, "print(open(sys.argv[1]).read())", path, readable=(tmp_path / "link",)) == ["content"]


def test_environment_is_only_what_was_given(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    lines = said(box, "print(sorted(os.environ.items()))", environment={"GIVEN": "1", "ODD": "\udcff="})
    assert "GITHUB_TOKEN" not in lines[0]
    assert "('GIVEN', '1')" in lines[0]
    assert "('ODD', '\\udcff=')" in lines[0]


def test_environment_of_the_keeper_is_not_in_sight(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret-token")
    code = """
for name in ["1", "self", str(os.getppid())]:
    for file in ("environ", "cmdline"):
        try:
            print(open(f"/proc/{name}/{file}", "rb").read())
        except OSError:
            pass
"""
    assert "secret-token" not in "".join(said(box, code))


def test_host_process_cannot_be_signalled_or_changed(box: Box) -> None:
    with _victim() as victim:
        code = """
import resource
victim = int(sys.argv[1])
attempt(lambda: os.kill(victim, 9))
attempt(lambda: os.killpg(victim, 9))
attempt(lambda: resource.prlimit(victim, resource.RLIMIT_CPU, (0, 0)))
attempt(lambda: os.sched_setaffinity(victim, {0}))
attempt(lambda: os.setpriority(os.PRIO_PROCESS, victim, 19))
attempt(lambda: call({"x86_64": 101, "aarch64": 117}[os.uname().machine], 16, victim, 0, 0))
attempt(lambda: call({"x86_64": 310, "aarch64": 270}[os.uname().machine], victim, 0, 0, 0, 0, 0))
attempt(lambda: call(438, call(434, os.getpid(), 0), 0, 0))
try:
    os.kill(-1, 9)
except OSError:
    pass
"""
        done = box.run(command(code, victim))
        said = done.stdout.decode().splitlines()
        assert len(said) == 8, done.stderr.decode()
        assert all(map(is_held, said))


# x86_64 and aarch64 numbers, and arguments that would work for a privileged program.
_FORBIDDEN_CALLS = {
    "unshare": (272, 97, "0x10000000"),
    "clone into a namespace": (56, 220, "0x10000011, 0, 0, 0, 0"),
    "setns": (308, 268, "0, 0"),
    "mount": (165, 40, "b'tmpfs', b'/tmp', b'tmpfs', 0, 0"),
    "umount": (166, 39, "b'/tmp', 2"),
    "pivot_root": (155, 41, "b'/', b'/'"),
    "chroot": (161, 51, "b'/'"),
    "keyctl": (250, 219, "0, -1, 0"),
    "bpf": (321, 280, "0, 0, 0"),
    "perf_event_open": (298, 241, "0, 0, -1, -1, 0"),
    "io_uring_setup": (425, 425, "8, 0"),
    "userfaultfd": (323, 282, "1"),
    "init_module": (175, 105, "0, 0, b''"),
    "kexec_load": (246, 104, "0, 0, 0, 0"),
    "open_by_handle_at": (304, 265, "-100, 0, 0"),
    "memfd_create": (319, 279, "b'x', 0"),
}


def test_dangerous_calls_are_answered_by_the_filter(box: Box) -> None:
    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    lines = [f"attempt(lambda: call({spec[column]}, {spec[2]}))" for spec in _FORBIDDEN_CALLS.values()]
    lines = said(box, "\n".join(lines))
    answers = dict(zip(_FORBIDDEN_CALLS, lines, strict=True))
    assert {name: line for name, line in answers.items() if line not in {"held EPERM", "held ENOSYS"}} == {}


def test_input_cannot_be_typed_into_a_terminal(box: Box) -> None:
    code = """
import fcntl
attempt(lambda: fcntl.ioctl(0, 0x5412, b"x"))
disguised = ctypes.c_ulong(1 << 32 | 0x5412)
attempt(lambda: call({"x86_64": 16, "aarch64": 29}[os.uname().machine], 0, disguised, b"x"))
attempt(lambda: open("/dev/tty"))
"""
    lines = said(box, code)
    assert lines[:2] == ["held EPERM", "held EPERM"]
    assert is_held(lines[2])


def test_program_has_no_privileges(box: Box) -> None:
    code = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(*(status[name].strip() for name in ("CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")))
"""
    none = "0" * 16
    assert said(box, code) == [f"{none} {none} {none} 1 2"]


@pytest.mark.parametrize("path", ["/", "/proc", "/run", "/sys/kernel"])
def test_path_that_would_open_the_host_is_refused(box: Box, path: str) -> None:
    with pytest.raises(BoxError, match="name the folder that is needed"):
        box.run(command("", readable=(Path(path),)))


def test_home_itself_is_refused(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for path in (home, tmp_path):
        with pytest.raises(BoxError, match="would open the host"):
            box.run(command("", readable=(path,)))


def test_missing_path_is_named(box: Box, tmp_path: Path) -> None:
    with pytest.raises(BoxError, match="does not exist, so the box cannot show it"):
        box.run(command("", readable=(tmp_path / "absent",)))


def test_kernel_settings_and_the_first_process_cannot_be_written(box: Box) -> None:
    code = """
for path in ("sys/kernel/core_pattern", "sys/vm/overcommit_memory", "irq/default_smp_affinity", "1/mem"):
    attempt(lambda: os.close(os.open("/proc/" + path, os.O_WRONLY)))
"""
    assert all(map(is_held, said(box, code)))


def test_variable_cannot_smuggle_in_an_option_of_the_rung(box: Box) -> None:
    with pytest.raises(BoxError, match="holds a NUL character; remove it"):
        box.run(command("", environment={"NAME": "value\0--bind\0/\0/"}))


def test_file_flags_cannot_be_changed_through_a_read_descriptor(box: Box, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    code = """
import fcntl
file = open(sys.argv[1])
attempt(lambda: fcntl.ioctl(file, 0x40086602, bytes(8)))
attempt(lambda: fcntl.ioctl(file, 0x401C5820, bytes(28)))
"""
    assert all(map(is_held, said(box, code, path, readable=(path,))))


def test_calls_by_another_table_do_not_pass_the_filter(box: Box) -> None:
    if os.uname().machine != "x86_64":
        return  # no other architecture of ours has a second table
    assert said(box, "attempt(lambda: call(0x40000000 | 101, 0, 0, 0, 0))") == ["held ENOSYS"]
    code = """
import mmap
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("b814000000cd80c3"))  # getpid by int 0x80, the 32-bit way
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
"""
    assert box.run(command(code)).exit_code == -signal.SIGSYS
