"""What `policies/style.yaml` may say."""

from guardrails.model.frozen import frozen

NAME = "style"
SUFFIXES = (".py", ".pyi", ".pyw", ".ipynb")


@frozen
class Settings:
    """How the style gate judges. `ignore` are paths (a folder, a file or a pattern with `*`) that it leaves out."""

    ignore: tuple[str, ...] = ()
