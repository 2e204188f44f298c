"""Ids that come twice, found while the rows pass: eight bytes an id are remembered, whatever their number."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]


class SeenIds:
    """The ids so far, as 64-bit hashes in sorted runs of which each is longer than all later ones together.

    Among a million ids the chance that any two different ones have one hash is 1 in 30 million.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._runs: list[Hashes] = []

    def repeated(self, ids: pa.Array) -> Flags:
        """Which of these ids were there before, among them or in an earlier call; null never is. All are remembered."""
        known = ids.is_valid().to_numpy(zero_copy_only=False)
        repeated = np.zeros(len(ids), dtype=bool)
        if not known.any():
            return repeated
        hashes = pd.util.hash_array(ids.drop_null().to_numpy(zero_copy_only=False), categorize=False)
        unique, first = np.unique(hashes, return_index=True)
        again = np.ones(len(hashes), dtype=bool)
        again[first] = False
        for run in self._runs:
            at = np.searchsorted(run, hashes)
            again |= run[np.minimum(at, len(run) - 1)] == hashes
        repeated[known] = again
        self._remember(unique)
        return repeated

    def _remember(self, run: Hashes) -> None:
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.union1d(self._runs.pop(), run)
        self._runs.append(run)
