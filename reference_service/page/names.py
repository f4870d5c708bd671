"""Names and colours for a catalogue that has none: drawn from ids, so that a reader can tell items apart."""

import hashlib

FIRST = (
    "Amber", "Paper", "Northern", "Velvet", "Silent", "Copper", "Hollow", "Golden",
    "Distant", "Glass", "Winter", "Electric", "Marble", "Crimson", "Lunar", "Wild",
)  # fmt: skip
SECOND = (
    "Lanterns", "Harbour", "Orchard", "Signals", "Rivers", "Avenue", "Parade", "Gardens",
    "Meridian", "Sparrows", "Theory", "Islands", "Motel", "Choir", "Static", "Tides",
)  # fmt: skip
VERBS = (
    "Leaving", "Waiting for", "Under", "Dancing in", "Back to", "Somewhere in", "After", "Calling",
    "Beyond", "Letters from", "Running to", "Asleep in", "Lost in", "Light over", "Home to", "Ashes of",
)  # fmt: skip
PLACES = (
    "Lisbon", "the Rain", "Midnight", "August", "the Valley", "Tomorrow", "the Tower", "Neon",
    "the Coast", "Sunday", "the Static", "Memory", "the Garden", "Orbit", "the Fire", "Blue",
)  # fmt: skip

STRIDE = 89

KINDS = {
    "about_artist": "About the artist",
    "canvas": "Looping video",
    "concert": "Concert",
    "credits": "Credits",
    "episode": "Episode",
    "lyrics": "Lyrics",
    "merch": "Merch",
    "podcast_chapters": "Chapters",
    "related_video": "Related video",
    "social": "Friends",
    "track": "Track",
    "transcript": "Transcript",
    "up_next": "Up next",
}


def artist_name(artist: str) -> str:
    """Return a name for this artist or show; the same for the same id."""
    number = artist.rpartition("-")[2]
    # Odd, so that no two of 256 numbered artists share a name.
    drawn = int(number) * STRIDE if number.isascii() and number.isdigit() else _drawn(artist)[0]
    first, second = divmod(drawn % 256, 16)
    name = f"{FIRST[first]} {SECOND[second]}"
    return f"The {name} Show" if artist.startswith("show-") else name


def title_of(item: str) -> str:
    """Return a title for this track or episode; the same for the same id."""
    drawn = _drawn(item)
    return f"{VERBS[drawn[2] % 16]} {PLACES[drawn[3] % 16]}"


def kind_name(kind: str) -> str:
    """Return what a listener would call this kind."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def hue(name: str) -> int:
    """Return the hue of this item or artist, 0 to 359 degrees."""
    drawn = _drawn(name)
    return (drawn[4] * 256 + drawn[5]) % 360


def _drawn(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
