"""`guardrails policy`: what belongs to the files under `policies/`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.model.errors import UsageError
from guardrails.wiring import stale_policy_schemas, write_policy_schemas


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("noun", choices=["schema"], help="schema: the JSON Schemas that editors use")
    parser.add_argument("--write", action="store_true", help="write them; without it, say which are stale")
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="the repository's top folder (default: here)"
    )


def _run(parsed: Namespace) -> int:
    root = Path(parsed.repo)
    if not (root / "policies").is_dir():
        raise UsageError(f"{root} has no policies folder; give the repository's top folder with --repo")
    names = write_policy_schemas(root) if parsed.write else stale_policy_schemas(root)
    for name in names:
        print(f"{'written' if parsed.write else 'stale'}: {name}")
    return Exit.BLOCK if names and not parsed.write else Exit.PASS


COMMAND = Command("policy", "write the JSON Schemas of the policy files for editors", _configure, _run)
