"""Read every patch of a corpus: how many are read or refused, and the CPU time against an empty Python.

Usage: python benchmarks/patches.py [FOLDER]; else $GUARDRAILS_PATCHES, else ../shared/corpora/patches.
"""

import collections
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guardrails.adapters.git.patch import PatchError, read_patch

LIMIT_CPU_SECONDS = 5.0
EMPTY_RUNS = 5


def corpus_folder() -> Path:
    """Return the folder of the corpus: the argument, the variable, or the place beside the repository."""
    beside = Path(__file__).resolve().parents[1] / "../shared/corpora/patches"
    return Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GUARDRAILS_PATCHES", str(beside)))


def patches_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the id and the bytes of every patch, a human row's test patch too."""
    for name in ("agents.jsonl.gz", "humans.jsonl.gz"):
        with gzip.open(folder / name) as lines:
            for line in lines:
                row = json.loads(line)
                for key in ("patch", "test_patch"):
                    if row.get(key):
                        yield f"{row['kind']}:{row['id']}:{key}", row[key].encode("utf-8", "surrogateescape")


def empty_python_seconds() -> float:
    """Return the mean CPU seconds of `python -I -c pass`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(EMPTY_RUNS):
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / EMPTY_RUNS


def main() -> int:
    """Print the counts and times; exit 1 when it takes longer than it may."""
    folder = corpus_folder()
    if not folder.is_dir():
        print(f"no corpus at {folder}; give its folder as the argument")
        return 2
    started = time.process_time()
    patches = list(patches_in(folder))
    loaded = time.process_time()
    lines = sum(data.count(b"\n") for _, data in patches)
    counted = time.process_time()
    totals: collections.Counter[str] = collections.Counter()
    refused = []
    for name, data in patches:
        try:
            files = read_patch(data)
        except PatchError as error:
            refused.append(f"  {name}: {error}")
            continue
        totals["files"] += len(files)
        totals["hunks"] += sum(len(file.hunks) for file in files)
        totals["binary"] += sum(file.is_binary for file in files)
        totals["renames"] += sum(file.is_rename for file in files)
    read = time.process_time()
    empty = empty_python_seconds()
    print(f"patches {len(patches)}, refused {len(refused)}, lines {lines}, {dict(totals)}")
    print("\n".join(refused))
    reading, loading = read - counted, loaded - started
    print(
        f"load and unpack {loading:.2f} CPU s; read {reading:.2f} CPU s; both {loading + reading:.2f} CPU s"
    )
    print(f"read / `python -I -c pass` ({empty:.3f} CPU s): {reading / empty:.1f}")
    print(f"read / counting line breaks ({counted - loaded:.4f} CPU s): {reading / (counted - loaded):.0f}")
    return 0 if loading + reading < LIMIT_CPU_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
