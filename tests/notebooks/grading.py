"""How loans are graded; used by the notebook beside it."""

BANDS = (0.35, 0.6)


def grade(probability: float) -> str:
    """Return a letter for a probability of default."""
    low, high = BANDS
    return "A" if probability < low else "B" if probability < high else "C"
