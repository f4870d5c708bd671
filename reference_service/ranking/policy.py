"""The policy that is served: product decisions about order, apart from any model."""

from reference_service.ranking.nouns import Policy, Spacing

POLICY = Policy(
    spacing={"cards": Spacing(kind_gap=2), "up_next": Spacing(artist_gap=2)},
    caps={"concert": 4, "merch": 3, "social": 6},
)
