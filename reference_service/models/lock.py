"""Which model serves: `active.lock`, the one file that a promotion or a rollback changes."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from reference_service.models.documents import BundleError, Node

MODELS = Path(__file__).parent
LARGEST_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Lock:
    """The bundle that serves, the one that it was promoted over, and the one to fall back to, by digest."""

    bundle: str
    parent: str | None
    rollback: str | None


def read_lock(models: Path) -> Lock:
    """Return what `active.lock` in this folder says, or raise BundleError."""
    path = models / "active.lock"
    try:
        text = path.read_bytes()[: LARGEST_BYTES + 1]
    except OSError as error:
        raise BundleError(f"active.lock: cannot be read ({error.strerror}); restore it") from None
    if len(text) > LARGEST_BYTES:
        raise BundleError(f"active.lock: longer than {LARGEST_BYTES} bytes; restore it")
    bundle, parent, rollback = Node.of(text, "active.lock").fields("bundle", "parent", "rollback")
    lock = Lock(bundle.digest(), _or_none(parent), _or_none(rollback))
    if lock.bundle in {lock.parent, lock.rollback}:
        raise BundleError(
            "active.lock: bundle is also named as its parent or rollback; name the one before it"
        )
    return lock


def _or_none(node: Node) -> str | None:
    return None if node.is_null else node.digest()


def write_lock(models: Path, lock: Lock) -> None:
    """Make `active.lock` in this folder say this, at once: whoever reads meanwhile reads the old or the new."""
    fresh = models / "active.lock.new"
    fresh.write_text(json.dumps(asdict(lock), indent=1) + "\n", "utf-8")
    fresh.replace(models / "active.lock")
