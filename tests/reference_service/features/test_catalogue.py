"""The seeded catalogue: the same for a seed, and awkward in every way that constraints must handle."""

from reference_service.features.catalogue import Catalogue
from reference_service.features.items import EPOCH, items


def test_a_seed_makes_one_catalogue_and_another_seed_another() -> None:
    seven = Catalogue(items(7)).digest
    assert Catalogue(items(7)[::-1]).digest == seven
    assert Catalogue(items(8)).digest != seven


def test_the_catalogue_holds_every_awkward_case() -> None:
    tracks = [item for item in items(7) if item.kind == "track"]
    assert len(tracks) >= 500
    assert len({item.recording for item in tracks}) < len(tracks)
    assert any(item.licence_until <= EPOCH for item in tracks)
    assert any(len(item.markets) == 1 for item in tracks)
    assert any(item.premium_only for item in tracks)
    assert not any(item.explicit and item.kids_safe for item in tracks)
