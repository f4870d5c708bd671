import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from guardrails.adapters.box.ladder import strongest
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.scratch import RunFolder
from guardrails.model.errors import BoxError, ServiceFailure
from guardrails.model.policy import BoxLevel, Service
from guardrails.model.ports import Box, Request
from tests.guardrails.adapters.rooms import room
from tests.repos.memory import MemoryCache, MemoryTree

APP = """
import os, socket
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    said = []
    for path in ("/etc/shadow", os.environ["PYTHONPATH"] + "/web.py"):
        try:
            open(path, "a")
        except OSError as error:
            said.append(type(error).__name__)
    try:
        socket.create_connection(("192.0.2.1", 80), 5)
    except OSError as error:
        said.append(type(error).__name__)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": " ".join(said).encode()})
"""
WEB = Service("web", (".",), app="web:app", ready="/", start_seconds=10.0)


def real_box() -> Box:
    try:
        return strongest(BoxLevel.LANDLOCK)
    except BoxError as error:
        pytest.skip(f"this machine has no box: {error}")


def boxed(folder: Path, tree: MemoryTree) -> RunLaboratory:
    return RunLaboratory(
        folder, tree, real_box, MemoryCache(), folder / "cache", run_folder=RunFolder(folder)
    )


def test_a_service_is_served_out_of_a_real_box_and_can_reach_nothing(tmp_path: Path) -> None:
    tree = MemoryTree({"web.py": APP})
    with boxed(tmp_path, tree) as laboratory:
        with laboratory.serve(WEB, tree) as server:
            answer = server.request(Request("GET", "/"))
            assert 0 < server.cpu_seconds() < 60
        refused = answer.body.decode().split()
        assert len(refused) == 3
        assert set(refused) <= {"PermissionError", "FileNotFoundError", "OSError", "ReadOnlyFileSystemError"}
        assert (laboratory.checkout(tree) / "web.py").read_text() == APP


@pytest.mark.parametrize(
    "code",
    [
        "import os\nwhile True: os.fork()",
        "hoard = []\nwhile True: hoard.append(bytearray(8 << 20))",
        "import os\nwhile True: os.write(1, bytes(1 << 20))",
        "import os; os.kill(os.getppid(), 9); os.kill(1, 9); os._exit(3)",
        "import os, signal\nif os.fork() == 0: os.setsid(); signal.pause()\nos._exit(5)",
    ],
    ids=["forks", "hoards", "floods", "kills", "daemonises"],
)
def test_a_hostile_service_ends_with_a_message_and_leaves_nothing(tmp_path: Path, code: str) -> None:
    tree = MemoryTree({"web.py": code})
    with boxed(tmp_path, tree) as laboratory:
        with (
            pytest.raises(ServiceFailure, match=r"service web: it (ended|was stopped)"),
            laboratory.serve(WEB, tree),
        ):
            raise AssertionError("it became ready")
        folder = str(laboratory.run_folder.path)
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert folder not in line.read_text()
        except OSError:
            continue
    assert not Path(folder).exists()


def test_a_killed_harness_takes_its_service_along(tmp_path: Path) -> None:
    real_box()
    script = f"""
        import os, sys
        from pathlib import Path
        from tests.guardrails.adapters.test_laboratory import *
        tree = MemoryTree({{"web.py": APP}})
        read, write = os.pipe()
        laboratory = boxed(Path({str(tmp_path)!r}), tree)
        with laboratory.serve(replace(WEB, ready=""), tree, {{"MARK": "x"}}) as server:
            print(laboratory.run_folder.path, flush=True)
            sys.stdin.read()
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        folder = child.stdout.readline().strip()
        assert Path(folder).is_dir()
        child.send_signal(signal.SIGKILL)
    serving = True
    while serving:
        serving = any(folder in cmdline_of(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    other = RunFolder(tmp_path)
    assert other.path.exists() and not Path(folder).exists()
    other.close()


def cmdline_of(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_children_share_checkouts_and_clean_up_after_themselves(tmp_path: Path) -> None:
    with room(tmp_path, {"web.py": APP}) as made:
        laboratory, tree, late = made.laboratory, made.tree, MemoryTree({"late.py": ""})
        before = laboratory.checkout(tree)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                laboratory.scratch("child")
                laboratory.interpreter(WEB, tree)
                laboratory.checkout(late)
                code = 0 if laboratory.checkout(tree) == before else 2
                laboratory.close()
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert before.is_dir()
        run = laboratory.run_folder.path
        assert [one.name for one in run.iterdir()] == ["checkouts"]
        assert laboratory.checkout(late).is_dir()
    assert not run.exists()


def test_a_tool_runs_on_data_and_sees_no_configuration_of_user_or_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config" / "ruff"
    settings.mkdir(parents=True)
    (settings / "ruff.toml").write_text('lint.select = ["ALL"]\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with room(tmp_path, {}) as made:
        laboratory = made.laboratory
        folder = laboratory.scratch("data")
        arguments = ("check", "--no-cache", "--output-format", "concise", "-")
        done = laboratory.run_tool(laboratory.tool("ruff"), arguments, folder, b"import os\nx = 'y'\n")
    assert done.exit_code == 1
    assert b"F401" in done.stdout and b"D100" not in done.stdout


def test_a_document_is_derived_anew_for_another_tree_or_interpreter(tmp_path: Path) -> None:
    code = "def app(): pass\napp.openapi = lambda: {'openapi': __import__('other').version}"
    with room(tmp_path, {"web.py": code, "other.py": "version = '3.0'"}) as made:
        service = replace(WEB, paths=("web.py",))
        old = made.laboratory.document(service, made.tree)
        other = MemoryTree({"web.py": code, "other.py": "version = '3.1'"})
        assert (old, made.laboratory.document(service, other)) == (b'{"openapi":"3.0"}', b'{"openapi":"3.1"}')


def test_the_box_is_made_when_it_is_first_needed(tmp_path: Path) -> None:
    def no_box() -> Box:
        raise BoxError("none here")

    tree = MemoryTree({"web.py": APP})
    with RunLaboratory(
        tmp_path, tree, no_box, MemoryCache(), tmp_path, run_folder=RunFolder(tmp_path)
    ) as made:
        assert made.checkout(tree).is_dir()
        with pytest.raises(BoxError), made.serve(WEB, tree):
            raise AssertionError("it became ready")


def test_the_laboratory_is_cheap_to_import() -> None:
    code = (
        "import sys; import guardrails.adapters.laboratory\n"
        "print([name for name in ('ctypes', 'http.client', 'socket', 'asyncio', 'tempfile', 'email', 'shutil',"
        " 'importlib.util', 'libcst', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_payload_needs_nothing_of_ours_beside_it(tmp_path: Path) -> None:
    with room(tmp_path, {"web.py": "def app(): pass\napp.openapi = lambda: {'openapi': '3.'}"}) as made:
        payload = tmp_path / "payload"
        shutil.copytree(made.laboratory.payload, payload)
        assert replace(made.laboratory, payload=payload).document(WEB, made.tree) == b'{"openapi":"3."}'
