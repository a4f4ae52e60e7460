"""All that a collection has found so far, in memory and on disk."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch  # noqa: TID253  # only loaded once a model runs

from glossator.collect.chunks import Place
from glossator.collect.collect_settings import CollectSettings
from glossator.collect.example_table import Column
from glossator.collect.histogram import N_BINS, Distribution
from glossator.collect.range_samples import RangeSamples
from glossator.collect.strongest import StrongestExamples
from glossator.errors import InputError

if TYPE_CHECKING:
    from glossator.collect.observation import Observation, Observer

_SPARE = 3
"""Examples of a level beyond those wanted, for some repeat others."""
_SPOILT = (OSError, EOFError, ValueError, KeyError, msgspec.MsgspecError)


class Progressed(msgspec.Struct, frozen=True, kw_only=True):
    """How far a collection is."""

    digest: str
    """Of its input."""
    batch_tokens: int
    start: Place = Place()
    """What lies before the buffer that is being run."""
    run: int = 0
    """Chunks of the buffer that were run, the shortest first."""
    n_tokens: int = 0
    """Without BOS."""


class RunState:
    """What the features did in the texts so far; its size does not grow with them."""

    def __init__(
        self, observer: "Observer", settings: CollectSettings, progressed: Progressed
    ) -> None:
        n = len(observer.features)
        wanted = max(settings.n_quantile, settings.n_inactive)
        self.progressed = progressed
        self.strongest = StrongestExamples(n, settings.n_top, settings.context)
        self.samples = RangeSamples(
            observer.features, wanted + _SPARE, settings.context, settings.seed
        )
        self.largest = np.zeros(n, np.float32)
        self._bins = torch.zeros(
            (n, N_BINS), dtype=torch.int64, device=observer.model.device
        )

    def add(self, seen: "Observation") -> None:
        """Take in a batch."""
        self._bins += seen.bins
        self.largest = np.maximum(self.largest, seen.peaks.max(axis=0))
        self.strongest.offer(seen)
        self.samples.offer(seen)
        self.advance(
            run=self.progressed.run + len(seen.numbers),
            n_tokens=self.progressed.n_tokens + int(seen.lengths.sum()),
        )

    def advance(self, **changed: int | Place) -> None:
        """Note how far the collection is."""
        self.progressed = msgspec.structs.replace(self.progressed, **changed)

    def distribution(self, feature: int) -> Distribution:
        return Distribution(
            counts=self._bins[feature].cpu().numpy(),
            n_tokens=self.progressed.n_tokens,
            largest=float(self.largest[feature]),
        )

    def save(self, path: Path) -> None:
        """Write the state in place of what was there; never half of it."""
        part = path.with_suffix(".part")
        told = np.frombuffer(msgspec.json.encode(self.progressed), np.uint8)
        columns = {**self._columns(), "bins": self._bins.cpu().numpy(), "told": told}
        try:
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **columns)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError as error:
            raise InputError(f"cannot be written ({error})", source=path) from error

    def restore(self, path: Path, stored: Mapping[str, Column]) -> None:
        """Go on from a stored state of the same input.

        Raises
        ------
        InputError
            if it is no such state.
        """
        try:
            for name, column in self._columns().items():
                column[...] = stored[name]
            self._bins.copy_(torch.from_numpy(stored["bins"]))
        except _SPOILT as error:
            raise _spoilt(path, error) from error

    def _columns(self) -> dict[str, Column]:
        columns: dict[str, Column] = {"largest": self.largest}
        for name, table in (
            ("strongest", self.strongest.table),
            ("samples", self.samples.table),
        ):
            columns |= {f"{name} {key}": c for key, c in table.columns().items()}
        columns["samples random"] = self.samples.random
        columns["samples highest"] = self.samples.highest
        return columns


def read_state(path: Path) -> tuple[Progressed, dict[str, Column]]:
    """Read what `RunState.save` wrote.

    Raises
    ------
    InputError
        if the file is broken.
    """
    try:
        # Opened here: of a broken archive numpy leaves its own file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            stored: dict[str, Column] = {name: held[name] for name in held.files}
        told = msgspec.json.decode(stored.pop("told").tobytes(), type=Progressed)
    except (*_SPOILT, zipfile.BadZipFile) as error:
        raise _spoilt(path, error) from error
    return told, stored


def _spoilt(path: Path, error: Exception) -> InputError:
    return InputError(
        f"the state of the unfinished collection cannot be read ({error}); delete it "
        "to begin anew",
        source=path,
    )
