"""What reading a value costs, told by its form."""

from __future__ import annotations

from jupyter_mlops.fingerprints.hashing import speed
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import Fingerprint

# What visiting one Python object costs, in bytes that are hashed meanwhile.
OBJECT = 2_500
# Gathering strided elements, filling in nulls and decoding cost this many times the bytes.
GATHER, DECODE = 4, 12
# What each column of a frame costs besides its content.
COLUMN = 100_000
# Longer than anybody waits: content that is still being computed.
NOT_NOW = 1 << 60


@dataclass(frozen=True)
class Outline:
    """The partial fingerprint, and how many plain bytes take as long to hash as the value."""

    fingerprint: Fingerprint
    cost: int

    @property
    def seconds(self) -> float:
        """How long the whole fingerprint will take, about."""
        return self.cost / speed()
