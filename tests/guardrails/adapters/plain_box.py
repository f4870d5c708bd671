"""A Box that confines nothing, for tests of what stands on the port and not of the box."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed


@dataclass
class PlainProcess:
    """A process group with its output in temporary files."""

    process: "subprocess.Popen[bytes]"
    stdout: IO[bytes]
    stderr: IO[bytes]
    ended: Completed | None = None

    @property
    def host_pid(self) -> int:
        """The child's id."""
        return self.process.pid

    def is_running(self) -> bool:
        """Whether the child lives."""
        return self.process.poll() is None

    def cpu_seconds(self) -> float:
        """Return the child's own user plus system seconds."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> Completed:
        """Kill the group."""
        if self.ended is None:
            ended_itself = self.process.poll()
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            code = self.process.returncode if ended_itself is None else ended_itself
            self.stdout.seek(0)
            self.stderr.seek(0)
            self.ended = Completed(code, self.stdout.read(), self.stderr.read())
            self.stdout.close()
            self.stderr.close()
        return self.ended


@dataclass
class PlainBox:
    """Runs commands as they are and remembers them."""

    level: BoxLevel = BoxLevel.NONE
    started: list[PlainProcess] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def start(self, command: Command) -> PlainProcess:
        """Start in a process group of its own."""
        stdout = os.fdopen(os.memfd_create("stdout"), "w+b")
        stderr = os.fdopen(os.memfd_create("stderr"), "w+b")
        stdin = os.memfd_create("stdin")
        os.write(stdin, command.stdin)
        os.lseek(stdin, 0, os.SEEK_SET)
        process = subprocess.Popen(
            command.argv,
            cwd=command.directory,
            env=dict(command.environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=command.inherit,
            start_new_session=True,
        )
        os.close(stdin)
        self.commands.append(command)
        self.started.append(PlainProcess(process, stdout, stderr))
        return self.started[-1]

    def run(self, command: Command) -> Completed:
        """Run to the end."""
        process = self.start(command)
        process.process.wait(command.limits.wall_seconds)
        return process.stop()
