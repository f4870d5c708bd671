"""Goes back to the model before: python -m reference_service.rollback [MODELS]

It makes active.lock name the bundle that it names as its rollback, once that bundle has scored its golden
requests here. MODELS is the folder of active.lock, as NOW_PLAYING_MODELS names it.
"""

import sys
from pathlib import Path

from reference_service.features.assembly import NAMES
from reference_service.models.bundle import load_bundle
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock

USAGE = "usage: python -m reference_service.rollback [MODELS]"


def main(words: list[str]) -> None:
    """Roll back and say to what, or end with what is wrong and leave the lock as it is."""
    if len(words) > 1 or (words and words[0].startswith("-")):
        sys.exit(USAGE)
    models = Path(words[0]) if words else MODELS
    try:
        sys.stdout.write(f"{rolled_back(models)}\n")
    except BundleError as error:
        sys.exit(f"not rolled back: {error}")


def rolled_back(models: Path) -> str:
    """Make the lock's rollback its bundle and return its digest, or raise BundleError."""
    lock = read_lock(models)
    if lock.rollback is None:
        raise BundleError("active.lock: names no rollback; promote a bundle instead")
    load_bundle(models / "bundles", lock.rollback, NAMES)
    # No rollback of the rollback: what was just left is not what to fall back to.
    write_lock(models, Lock(lock.rollback, lock.bundle, None))
    return lock.rollback


if __name__ == "__main__":
    main(sys.argv[1:])
