"""How many tokens are run at once: as many as pay and fit."""

import time

import numpy as np

from glossator.collect.chunks import Chunk
from glossator.collect.observation import Observer
from glossator.device import lacks_memory, release_memory

_CPU_TOKENS = 2048
"""More at once is no faster there (docs/collecting.md)."""
_FIRST, _LAST = 4096, 1 << 17
_FASTER = 1.05
"""By what factor twice as many must be faster to be worth their memory."""


def fitted_batch(observer: Observer, longest: int) -> int:
    """Tokens at once, tried out with chunks of full length; a fixed number on the CPU.

    They are doubled as long as that is faster and memory lasts.
    """
    if observer.model.device.type == "cpu":
        return _CPU_TOKENS
    best, best_speed, tokens = _FIRST, 0.0, _FIRST
    while tokens <= _LAST:
        try:
            speed = _speed(observer, max(1, tokens // (longest + 1)), longest)
        except (MemoryError, RuntimeError) as error:
            if not lacks_memory(error):
                raise
            release_memory()
            return max(best // 2, 1) if best == tokens else best
        if speed < _FASTER * best_speed:
            return best
        best, best_speed, tokens = tokens, speed, 2 * tokens
    return best


def _speed(observer: Observer, n_chunks: int, longest: int) -> float:
    """Tokens in a second, of the second run: the first one sets things up."""
    rng = np.random.default_rng(0)
    size = (n_chunks, longest)
    rows = rng.integers(len(observer.model.vocabulary), size=size, dtype=np.int32)
    chunks = [Chunk(at, row) for at, row in enumerate(rows)]
    taken = 0.0
    for _ in range(2):
        started = time.perf_counter()
        observer.observe(chunks)
        taken = time.perf_counter() - started
    return n_chunks * longest / taken
