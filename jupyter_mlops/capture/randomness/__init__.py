"""Random generators: which of them a cell moved, from which state, and what seeded them."""
