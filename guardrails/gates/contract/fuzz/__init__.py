"""Fuzz: head tried with what its document allows and forbids, alone and in sequences."""
