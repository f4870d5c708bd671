"""Reads a layer contract: where a module stands, and whether it may import another."""

from guardrails.gates.architecture.settings import LayerContract
from guardrails.model.frozen import frozen


@frozen
class Place:
    """A module's row (0 is the highest; one below the last is the package itself) and its part."""

    row: int
    part: str


def is_under(module: str, package: str) -> bool:
    """Whether `module` is `package` or lies below it."""
    return module == package or module.startswith(f"{package}.")


def place_of(contract: LayerContract, module: str) -> Place | None:
    """Return where a module of the contract's package stands; None when it is in no layer."""
    if module == contract.package:
        return Place(len(contract.layers), "")
    inside = module.removeprefix(f"{contract.package}.")
    found = [
        Place(row, part)
        for row, parts in enumerate(contract.layers)
        for part in parts
        if is_under(inside, part)
    ]
    return max(found, key=lambda one: len(one.part), default=None)


def objection_to(contract: LayerContract, importer: str, imported: str) -> str | None:
    """Return why `importer` may not import `imported` (both in the package), or None when it may."""
    here, there = place_of(contract, importer), place_of(contract, imported)
    if here is None or there is None or importer == imported:
        return None
    if here == there:
        return _between_children(contract, here.part, importer, imported)
    if here.row == there.row:
        return f"{here.part} and {there.part} stand side by side and do not import each other"
    if here.row > there.row:
        return f"{there.part} stands above {here.part or contract.package}"
    skips = contract.closed and here.row + 1 < there.row < len(contract.layers)
    return (
        f"{here.part} may import from the next layer only, and {there.part} is further down"
        if skips
        else None
    )


def _between_children(contract: LayerContract, part: str, importer: str, imported: str) -> str | None:
    if part not in contract.apart:
        return None
    prefix = f"{contract.package}.{part}."
    children = [
        one.removeprefix(prefix).partition(".")[0] for one in (importer, imported) if one.startswith(prefix)
    ]
    if len(children) < len((importer, imported)) or children[0] == children[1]:
        return None
    return f"{part}.{children[0]} and {part}.{children[1]} are kept apart"


def standing_alone(contract: LayerContract, importer: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the part that holds `importer` and imports the standard library alone, with what else it may import."""
    for part, more in contract.standard_library_only.items():
        package = f"{contract.package}.{part}"
        if is_under(importer, package):
            return package, more
    return None
