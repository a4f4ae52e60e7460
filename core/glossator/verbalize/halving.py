"""Batches that halve where memory lacks, and stay as small from then on."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from glossator.device import lacks_memory, release_memory

ItemT = TypeVar("ItemT", contravariant=True)
FoundT = TypeVar("FoundT", covariant=True)


@runtime_checkable
class Compute(Protocol[ItemT, FoundT]):
    def __call__(self, batch: Sequence[ItemT]) -> FoundT: ...


class HalvingBatches:
    """How many rows go through a model at once."""

    def __init__(self, size: int) -> None:
        self.size = size

    def over(
        self, items: Sequence[ItemT], compute: Compute[ItemT, FoundT]
    ) -> Iterator[FoundT]:
        """Compute batch after batch, in order.

        Raises
        ------
        MemoryError, RuntimeError
            what `compute` raises, once a batch of one is too large.
        """
        at = 0
        while at < len(items):
            batch = items[at : at + self.size]
            found = self._tried(batch, compute)
            if found is None:
                self.size = len(batch) // 2
                release_memory()
                continue
            at += len(batch)
            yield found

    def _tried(
        self, batch: Sequence[ItemT], compute: Compute[ItemT, FoundT]
    ) -> FoundT | None:
        """None where memory lacks; by then the error holds no tensors any more."""
        try:
            return compute(batch)
        except (MemoryError, RuntimeError) as error:
            if len(batch) == 1 or not lacks_memory(error):
                raise
            return None
