"""How many examples a property is tried on."""

from hypothesis import settings


def at_least(number: int) -> int:
    """So many, or those of the profile where they are more: `make fuzz` tries thousands."""
    return max(number, settings().max_examples)
