"""Environments built once from a lock and kept in the user's cache; above all the one that trains.

python -m reference_service.training.environment   prints its interpreter
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("training.lock")
CACHE = Path.home() / ".cache" / "now-playing-training"
SECONDS = 1_200


class TrainingUnavailable(RuntimeError):
    """The training environment cannot be built here; the message says what failed."""


def training_python(cache: Path = CACHE) -> Path:
    """Return the interpreter of the environment that `training.lock` describes, or raise TrainingUnavailable."""
    return locked_python(LOCK, cache)


def locked_python(lock: Path, cache: Path) -> Path:
    """Return the interpreter of the environment that this lock describes, or raise TrainingUnavailable."""
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = cache / key
    place.mkdir(parents=True, exist_ok=True)
    python, ready = place / "bin" / "python", place / ".ready"
    with (cache / f"{key}.lock").open("w") as gate:
        # Two that build at once would break each other's.
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not ready.exists():
            _run(sys.executable, "-m", "venv", "--clear", str(place))
            install = ("install", "--quiet", "--disable-pip-version-check", "--no-deps")
            wheels = ("--only-binary", ":all:", "--require-hashes", "--requirement", str(lock))
            _run(str(python), "-m", "pip", *install, *wheels)
            ready.touch()
    return python


def _run(*command: str) -> None:
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrainingUnavailable(str(error)) from None
    if ended.returncode:
        said = (ended.stderr.strip() or "nothing").splitlines()[-1]
        raise TrainingUnavailable(f"{' '.join(command[1:4])} ended with {ended.returncode} and said: {said}")


if __name__ == "__main__":
    sys.stdout.write(f"{training_python()}\n")
