"""Texts, numbers and moments at which services tend to differ; those that clients send come first."""

from guardrails.analysis.openapi.values import Json

FORMATS: dict[str, tuple[str, ...]] = {
    "date-time": (
        "2026-03-29T01:30:00+01:00",
        "2026-01-31T23:30:00Z",
        "2025-12-31T22:15:30.123456-05:00",
        "2026-02-28T12:00:00",
        "2020-02-29T00:00:00Z",
        "2031-07-01T08:00:00+05:30",
    ),
    "date": ("2026-01-31", "2025-12-31", "2024-02-29", "2031-07-01"),
    "time": ("23:30:00", "08:15:00Z", "00:00:00"),
    "duration": ("P1D", "PT90M"),
    "uuid": ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "00000000-0000-0000-0000-000000000000"),
    "email": ("ada@example.com", "Grace.Hopper+x@Example.ORG"),
    "uri": ("https://example.com/a?b=c#d", "http://localhost/"),
    "url": ("https://example.com/a?b=c#d",),
    "ipv4": ("192.0.2.1",),
    "ipv6": ("2001:db8::1",),
    "hostname": ("example.com",),
    "byte": ("aGVsbG8=",),
    "binary": ("hello",),
}
TEXTS = (
    "Alpha",
    "beta alpha",
    "  padded  ",
    "straße Ärger",
    " ",
    "日本語 🎵",
    "ZULU alpha",
    "alpha",
    "",
    "e\u0301a I\u0307",
    "a,b;c/d?e=f&g%20h",
    "<b>&\"'",
    "10",
    "9",
    "null",
    "line\nbreak",
    "\u0000",
)
LANGUAGES = ("de", "it", "fr", "es", "ja")
WHOLE = (1, 2, 3, 5, 7, 10, 12, 20, 25, 49, 50, 51, 99, 100, 101, 255, 256, 500, 999, 1000, 1001, 0, -1, -2)
HUGE = (2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 10**30)
BROKEN = (1.5, 2.5, 0.1, 0.125, 2.675, 19.99, 33.333, 0.005, 1e-9, 1234567.891, -0.5, 1e15)
WRONG: tuple[Json, ...] = (None, "text", 7, 1.5, True, [], {}, ["x"], {"x": 1})
