"""Reproduction: a recorded run repeated in a clean kernel, judged, and explained."""

from jupyter_mlops.reproduction.reproduce import reproduce

__all__ = ["reproduce"]
