"""What `policies/style.yaml` may say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How the style gate judges. `ignore` are paths (a folder, a file or a pattern with `*`) that it leaves out."""

    ignore: tuple[str, ...] = ()
