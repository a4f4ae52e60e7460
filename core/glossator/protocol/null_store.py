"""Drawn nulls on disk, so that none is drawn twice; safe to delete."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glossator.protocol.null_distribution import DrawnNull, Null
from glossator.protocol.nulls import Nulls
from glossator.protocol.protocol_settings import WINDOW_NAMES, WindowName
from glossator.protocol.senses import UnrelatedBranches

_KEPT = 12
"""Files; one of 20 examples and 10,000 draws takes 23 MB."""


_SPOILT = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RuntimeError,
    zipfile.BadZipFile,
)
"""What reading an archive raises that is not one of ours."""


class NullStore:
    """Nulls by the digest of what they were drawn from.

    Whatever goes wrong with a file costs time, never the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, digest: str) -> Nulls | None:
        path = self._folder / f"{digest}.npz"
        try:
            # Opened here: of a broken archive numpy leaves its own file open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                return _nulls({name: held[name] for name in held.files})
        except _SPOILT:
            return None

    def add(self, digest: str, nulls: Nulls) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=".part", delete=False
            ) as file:
                np.savez(file, allow_pickle=False, **_columns(nulls))
            os.replace(file.name, self._folder / f"{digest}.npz")
            self._drop_oldest()
        except OSError:
            return

    def _drop_oldest(self) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in files[:-_KEPT]:
            path.unlink(missing_ok=True)


def _columns(nulls: Nulls) -> dict[str, NDArray[np.generic]]:
    """Everything as arrays: the draws of each window, and how sets of n fall apart."""
    columns: dict[str, NDArray[np.generic]] = {}
    for name, null in nulls.of.items():
        if not isinstance(null, DrawnNull):
            continue
        columns["origin"] = np.array(null.origin)
        columns["n_max"] = np.array(null.n_max)
        columns[name] = null.pairs
        columns[f"{name} centre"] = null.centre
        apart = nulls.known_branches.get((name, null.n_max))
        if apart is not None:
            columns[f"{name} mean"] = np.array(apart.mean)
            columns[f"{name} sd"] = apart.sd
            columns[f"{name} clearness"] = apart.clearness
    return columns


def _nulls(columns: Mapping[str, NDArray[np.generic]]) -> Nulls:
    """Raises KeyError or ValueError where an array lacks or has another shape."""
    origin, n_max = str(columns["origin"]), int(columns["n_max"])
    of: dict[WindowName, Null | None] = dict.fromkeys(WINDOW_NAMES)
    nulls = Nulls(of)
    for name in WINDOW_NAMES:
        if name not in columns:
            continue
        pairs = _finite(columns[name], (len(columns[name]), n_max * (n_max - 1) // 2))
        centre = _finite(columns[f"{name} centre"], (-1,))
        of[name] = DrawnNull(pairs, centre, n_max, origin)
        if f"{name} mean" in columns:
            nulls.known_branches[name, n_max] = UnrelatedBranches(
                mean=float(columns[f"{name} mean"]),
                sd=columns[f"{name} sd"].astype(np.float64).reshape(n_max + 1),
                clearness=columns[f"{name} clearness"].astype(np.float64),
            )
    return nulls


def _finite(column: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Raises ValueError where a file is spoilt."""
    if column.size == 0:
        raise ValueError("no numbers")
    numbers = column.astype(np.float32, copy=False).reshape(shape)
    if not np.isfinite(numbers).all():
        raise ValueError("no number")
    return numbers
