"""How long `guardrails contract diff` takes as a whole process, witnesses included, and how much memory.

Pairs: this repository's service (a bound narrowed), GitHub's description cut to about 300 KB, and
all of it (13 MB; npm package @octokit/openapi 22.0.0 and 23.0.2, packed once into the cache; left
out, and said so, where npm has no network), each changed and unchanged; lint of the longest.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUARDRAILS = str(Path(sys.executable).with_name("guardrails"))
_VERSIONS = ("22.0.0", "23.0.2")
_INSIDE = "package/generated/api.github.com.json"
_CUT = 300_000
_REFERENCE = re.compile(r'"#/components/([^/"]+)/([^/"]+)"')


def main() -> int:
    """Print CPU seconds and memory of each pair; 1 when a bound is passed by CPU or memory."""
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        for label, command, bound in _commands(Path(name)):
            runs = [_measured(command) for _ in range(1 if bound > 2 else 3)]
            spent, peak = min(one for one, _ in runs), max(one for _, one in runs)
            within = spent <= bound and peak <= 600
            missed += not within
            print(
                f"{label:<28}{spent:7.2f} CPU s of {bound:4.1f}  {peak:4d} MB of 600  "
                f"{'ok' if within else 'MISSED'}",
                flush=True,
            )
    return int(missed > 0)


def _measured(command: list[str]) -> tuple[float, int]:
    """Return a whole process's CPU seconds and the most memory that it held, in MB."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss >> 10


def _commands(folder: Path) -> Iterator[tuple[str, list[str], float]]:
    service = ROOT / "contracts/now_playing/openapi.yaml"
    narrowed = folder / "service.yaml"
    narrowed.write_text(service.read_text().replace("maximum: 500", "maximum: 400"))
    yield "service, changed", _diff(service, narrowed), 1.0
    yield "service, unchanged", _diff(service, service), 1.0
    whole = _described()
    if not whole:
        print("GitHub's description is left out: npm pack gives no @octokit/openapi")
        return
    cut = [folder / f"{at}.json" for at in range(2)]
    for source, target in zip(whole, cut, strict=True):
        target.write_text(_shortened(source))
    yield "300 KB, changed", _diff(*cut), 1.5
    yield "300 KB, unchanged", _diff(cut[0], cut[0]), 1.0
    yield "13 MB, unchanged", _diff(whole[0], whole[0]), 10.0
    yield "13 MB, the verdict", [*_diff(*whole), "--no-witness"], 10.0
    yield "13 MB, with witnesses", _diff(*whole), 30.0
    yield "13 MB, lint", [GUARDRAILS, "contract", "lint", str(whole[1])], 10.0


def _diff(base: Path, head: Path) -> list[str]:
    return [GUARDRAILS, "contract", "diff", str(base), str(head), "--format", "json"]


def _described() -> list[Path]:
    """Return GitHub's two descriptions from the cache, packed by npm when they are not there."""
    home = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "guardrails" / "benchmarks"
    found = []
    for version in _VERSIONS:
        folder = home / f"octokit-openapi-{version}"
        if not (folder / _INSIDE).exists() and not _packed(version, folder):
            return []
        found.append(folder / _INSIDE)
    return found


def _packed(version: str, folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["npm", "pack", "--silent", f"@octokit/openapi@{version}"], cwd=folder, check=True, timeout=300
        )
        archive = next(folder.glob("*.tgz"))
        subprocess.run(["tar", "-xzf", archive.name, _INSIDE], cwd=folder, check=True)
    except (OSError, subprocess.SubprocessError, StopIteration):
        return False
    archive.unlink()
    return True


def _shortened(source: Path) -> str:
    """Return the document's first paths, as many as fit, with the definitions that they refer to."""
    root = json.loads(source.read_text())
    components = root["components"]
    kept: dict[str, object] = {}
    used: dict[tuple[str, str], str] = {}
    size = 0
    for path, item in root["paths"].items():
        text = json.dumps(item)
        kept[path], size = item, size + len(text)
        left = _REFERENCE.findall(text)
        while left:
            key = left.pop()
            if key not in used:
                used[key] = json.dumps(components[key[0]][key[1]])
                size += len(used[key])
                left += _REFERENCE.findall(used[key])
        if size > _CUT:
            break
    definitions: dict[str, dict[str, object]] = {}
    for (kind, name), text in used.items():
        definitions.setdefault(kind, {})[name] = json.loads(text)
    return json.dumps({**root, "paths": kept, "components": definitions, "webhooks": {}, "x-webhooks": {}})


if __name__ == "__main__":
    sys.exit(main())
