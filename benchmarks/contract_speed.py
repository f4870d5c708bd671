"""How long `guardrails contract diff` takes as a whole process, witnesses included, and how much memory.

Pairs: this repository's service (a bound narrowed), GitHub's description cut to about 300 KB, all of
it (13 MB; npm package @octokit/openapi 22.0.0 and 23.0.2), each changed and unchanged, and lint of the
longest; Kubernetes 1.10, 1.12 and 1.13 (4 MB of Swagger 2; npm package kubernetes-client 9.0.0). Packages
are packed once into the cache; what npm does not give is left out, and said so.
"""

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUARDRAILS = str(Path(sys.executable).with_name("guardrails"))
_VERSIONS = ("22.0.0", "23.0.2")
_INSIDE = "package/generated/api.github.com.json"
_KUBERNETES = ("1.10", "1.12", "1.13")
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
    yield from _of_kubernetes(folder)
    whole = [_packed("@octokit/openapi", version, _INSIDE) for version in _VERSIONS]
    if not all(one.exists() for one in whole):
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


def _of_kubernetes(folder: Path) -> Iterator[tuple[str, list[str], float]]:
    made = []
    for version in _KUBERNETES:
        packed = _packed("kubernetes-client", "9.0.0", f"package/lib/specs/swagger-{version}.json.gz")
        if not packed.exists():
            print("Kubernetes is left out: npm pack gives no kubernetes-client")
            return
        made.append(folder / f"kubernetes-{version}.json")
        made[-1].write_bytes(gzip.decompress(packed.read_bytes()))
    oldest, older, newest = made
    yield "Kubernetes, a minor version", _diff(older, newest), 10.0
    yield "Kubernetes, three versions", _diff(oldest, newest), 30.0
    yield "Kubernetes, lint", [GUARDRAILS, "contract", "lint", str(newest)], 10.0


def _packed(package: str, version: str, inside: str) -> Path:
    """Return where a file of an npm package is kept; it is not there when npm does not give it."""
    home = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "guardrails" / "benchmarks"
    folder = home / f"{package.strip('@').replace('/', '-')}-{version}"
    if not (folder / inside).exists():
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError, subprocess.SubprocessError, StopIteration):
            packing = ["npm", "pack", "--silent", f"{package}@{version}"]
            subprocess.run(packing, cwd=folder, check=True, timeout=300)
            archive = next(folder.glob("*.tgz"))
            subprocess.run(["tar", "-xzf", archive.name, inside], cwd=folder, check=True)
            archive.unlink()
    return folder / inside


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
