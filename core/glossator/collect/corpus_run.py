"""Run batch after batch through the model, in reach of a stored state."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from glossator.collect.batch_size import fitted_batch
from glossator.collect.chunks import Chunk, buffers, take_batch
from glossator.collect.collect_settings import CollectInput
from glossator.collect.observation import Observation, Observer
from glossator.collect.run_state import Progressed, RunState, read_state
from glossator.device import lacks_memory, release_memory
from glossator.errors import Cancelled, InputError, ModelError
from glossator.progress import CancelToken, Progress

STATE_NAME = "unfinished.npz"
_SAVED_EVERY = 60.0
"""Seconds of work that can be lost."""


def open_state(given: CollectInput, observer: Observer, longest: int) -> RunState:
    """The state to go on from: the stored one, or an empty one.

    Raises
    ------
    InputError
        if the stored one is broken or of other input.
    """
    path, digest = given.folder / STATE_NAME, given.digest()
    if not path.is_file():
        tokens = given.settings.batch_tokens or fitted_batch(observer, longest)
        progressed = Progressed(digest=digest, batch_tokens=tokens)
        return RunState(observer, given.settings, progressed)
    progressed, stored = read_state(path)
    if progressed.digest != digest:
        raise InputError(
            "an unfinished collection of other input; choose another folder, or delete "
            "this file",
            source=path,
        )
    state = RunState(observer, given.settings, progressed)
    state.restore(path, stored)
    return state


def run_corpus(
    given: CollectInput,
    observer: Observer,
    state: RunState,
    longest: int,
    cancel: CancelToken,
) -> Generator[Progress, None, None]:
    """Run what is left of the corpus.

    Parameters
    ----------
    longest : tokens of a chunk, without BOS.

    Raises
    ------
    ModelError
        if a single chunk is too large for memory.
    Cancelled
        between two batches; the state is stored.
    """
    most = given.settings.max_tokens
    start = state.progressed.start
    with _saving(given.folder / STATE_NAME, state) as save:
        for buffer in buffers(given.corpus, observer.model, longest, most, start):
            while state.progressed.run < len(buffer.chunks):
                cancel.check()
                _run_batch(buffer.chunks, observer, state)
                save.now_and_then()
                yield Progress(state.progressed.n_tokens, most, "running the model")
            state.advance(start=buffer.end, run=0)


class _Saver:
    def __init__(self, path: Path, state: RunState) -> None:
        self._path = path
        self._state = state
        self._last = time.monotonic()

    def now_and_then(self) -> None:
        if time.monotonic() - self._last >= _SAVED_EVERY:
            self.save()

    def save(self) -> None:
        self._state.save(self._path)
        self._last = time.monotonic()


@contextmanager
def _saving(path: Path, state: RunState) -> Iterator[_Saver]:
    """Save, too, when the work is stopped between two batches."""
    saver = _Saver(path, state)
    try:
        yield saver
    except (Cancelled, GeneratorExit):
        saver.save()
        raise


def _run_batch(chunks: Sequence[Chunk], observer: Observer, state: RunState) -> None:
    """Run the next chunks; fewer from then on where memory lacks."""
    while True:
        now = state.progressed
        batch = take_batch(chunks, now.run, now.batch_tokens)
        seen = _observed(batch, observer)
        if seen is not None:
            state.add(seen)
            return
        release_memory()
        padded = len(batch) * (len(batch[-1].ids) + 1)
        state.advance(batch_tokens=padded // 2)


def _observed(batch: Sequence[Chunk], observer: Observer) -> Observation | None:
    """None where memory lacks; by then the error holds no tensors any more."""
    try:
        return observer.observe(batch)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        if len(batch) == 1:
            raise ModelError(
                f"memory lacks for {len(batch[0].ids)} tokens at once; set a smaller "
                "context length, or another device",
                source=observer.model.name,
            ) from error
        return None
