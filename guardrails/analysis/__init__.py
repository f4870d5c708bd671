"""Knowledge that several gates share: pure functions over data, no judgement and no output."""
