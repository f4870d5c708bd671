"""Models behind the Scorer port of `reference_service.ranking.nouns`."""
