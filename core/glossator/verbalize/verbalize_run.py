"""Put features into words: vectors, then texts, then scores, one model at a time.

Everything is opened in here, so that it can run in a process of its own. The largest of
the models decides how much memory it takes, not their sum.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from glossator.device import release_memory
from glossator.errors import GlossatorError, VerbalizeError
from glossator.progress import CancelToken, Progress
from glossator.verbalize.activation_reconstructor import ActivationReconstructor
from glossator.verbalize.activation_verbalizer import ActivationVerbalizer
from glossator.verbalize.checkpoint import checkpoint_file
from glossator.verbalize.description import Description, VectorVerbalizer
from glossator.verbalize.finishing import Chunk, Finishing, Said
from glossator.verbalize.gathering import Member, Reads, gather
from glossator.verbalize.neuronpedia_run import explain_examples
from glossator.verbalize.nla_server import PATIENCE, NlaServer
from glossator.verbalize.sidecar import (
    FILE_NAME,
    ReconstructorSidecar,
    VerbalizerSidecar,
    read_reconstructor,
    read_verbalizer,
)
from glossator.verbalize.verbalization import Verbalization
from glossator.verbalize.verbalize_input import SERVICE, VerbalizeInput
from glossator.verbalize.verbalize_report import (
    Found,
    VerbalizeProgress,
    VerbalizeReport,
)
from glossator.web_request import WebClient

_WRITING = "putting vectors into words"
_CHUNK = 16
"""Vectors whose texts are handed over together."""


def verbalize(
    given: VerbalizeInput, cancel: CancelToken
) -> Generator[Progress, None, VerbalizeReport]:
    """Put features into words.

    What is written before an error, or before it is stopped, is handed over without the
    scores that it then has not.

    Raises
    ------
    VerbalizeError, ModelError, ReplacementError, EvidenceError, WebError
        if a model, a server or a file cannot be used.
    Cancelled
        between two batches.
    """
    given = given.checked()
    yield Progress(0, 0, "opening the verbalizer")
    if given.verbalizer.startswith(SERVICE):
        return (yield from explain_examples(given, cancel))
    if not given.verbalizer.startswith(("http://", "https://")):
        return (yield from _Run(given, cancel, None).report())
    with WebClient(cancel, timeout=PATIENCE) as web:
        server = NlaServer.connect(given.verbalizer, web)
        return (yield from _Run(given, cancel, server).report())


class _Run:
    """Models come one after the other; each is gone before the next is loaded."""

    def __init__(
        self, given: VerbalizeInput, cancel: CancelToken, server: NlaServer | None
    ) -> None:
        self._given = given
        self._cancel = cancel
        self._server = server
        self._reads = _reads(server or read_verbalizer(_sidecar(given.verbalizer)))
        self._name = server.name if server else given.verbalizer
        if given.reconstructor:
            self._check_pair()
        self._finishing = Finishing(
            self._name, self._reads.layer, given.sampling, cancel
        )
        self._waiting: deque[Chunk] = deque()
        self._controls: list[Verbalization] = []
        self._n_found = 0

    def report(self) -> Generator[Progress, None, VerbalizeReport]:
        gathered = yield from gather(self._given, self._reads, self._cancel)
        if gathered.members:
            try:
                yield from self._write(gathered.members)
                if self._given.reconstructor:
                    release_memory()
                    yield from self._score()
            except GlossatorError:
                yield from self._hand_over()
                raise
        return VerbalizeReport(
            self._name,
            self._reads.layer,
            self._n_found,
            gathered.left_out,
            tuple(self._controls),
        )

    def _write(self, members: Sequence[Member]) -> Generator[Progress, None, None]:
        """Hand texts over as they are written, or keep them to be scored."""
        given = self._given
        yield Progress(0, 0, "loading the verbalizer")
        verbalizer: VectorVerbalizer = self._server or ActivationVerbalizer.open(
            given.verbalizer, device=given.device, dtype=given.dtype
        )
        total = len(members) * given.sampling.n_samples
        done = 0
        for chunk in _chunks(members):
            work = verbalizer.describe(
                np.stack([member.given.vector for member in chunk]),
                layer=chunk[0].given.layer,
                sampling=given.sampling,
                cancel=self._cancel,
                extrapolate=given.extrapolate,
            )
            written = Chunk(chunk, (yield from _counted(work, done, total)))
            done += len(written.descriptions)
            if given.reconstructor:
                self._waiting.append(written)
            else:
                told = [one.reconstruction for one in written.descriptions]
                said = self._finishing.measured(written, told)
                yield self._finished(said, Progress(done, total, _WRITING))

    def _score(self) -> Generator[Progress, None, None]:
        given = self._given
        yield Progress(0, 0, "loading the reconstructor")
        reconstructor = ActivationReconstructor.open(
            given.reconstructor, device=given.device, dtype=given.dtype
        )
        total = sum(len(chunk.descriptions) for chunk in self._waiting)
        done = 0
        while self._waiting:
            self._cancel.check()
            chunk = self._waiting[0]
            scores = reconstructor.score(
                [one.text for one in chunk.descriptions],
                np.stack([chunk.given_for(one).vector for one in chunk.descriptions]),
            )
            said = self._finishing.measured(chunk, scores)
            self._waiting.popleft()
            done += len(scores)
            yield self._finished(said, Progress(done, total, "reconstructing vectors"))

    def _hand_over(self) -> Generator[Progress, None, None]:
        """What is written, as it is."""
        for chunk in self._waiting:
            said = self._finishing.plain(chunk)
            yield self._finished(said, Progress(0, 0, "keeping what is written"))

    def _finished(self, said: Sequence[Said], step: Progress) -> VerbalizeProgress:
        found: list[Found] = []
        for feature, verbalization in said:
            if feature is None:
                self._controls.append(verbalization)
            else:
                found.append((feature, verbalization))
        self._n_found += len(found)
        return VerbalizeProgress(step.done, step.total, step.what, tuple(found))

    def _check_pair(self) -> None:
        """Refuse a reconstructor of other vectors before anything is written."""
        other = _reads(read_reconstructor(_sidecar(self._given.reconstructor)))
        if (other.layer, other.d_model) != (self._reads.layer, self._reads.d_model):
            raise VerbalizeError(
                f"it reconstructs {other.d_model} numbers of layer {other.layer}, and "
                f"the verbalizer reads {self._reads.d_model} of layer "
                f"{self._reads.layer}",
                source=self._given.reconstructor,
                field="reconstructor",
            )


def _sidecar(name: str) -> Path:
    return checkpoint_file(name, FILE_NAME)


def _reads(told: VerbalizerSidecar | ReconstructorSidecar | NlaServer) -> Reads:
    return Reads(told.base_model, told.layer, told.d_model)


def _chunks(members: Iterable[Member]) -> Iterator[tuple[Member, ...]]:
    """Vectors of one layer each."""
    for _, same in groupby(members, key=lambda member: member.given.layer):
        rest = tuple(same)
        for start in range(0, len(rest), _CHUNK):
            yield rest[start : start + _CHUNK]


def _counted(
    work: Generator[Progress, None, tuple[Description, ...]], before: int, total: int
) -> Generator[Progress, None, tuple[Description, ...]]:
    """Count the progress of a chunk in texts of the run."""
    while True:
        try:
            step = next(work)
        except StopIteration as ended:
            found: tuple[Description, ...] = ended.value
            return found
        yield Progress(before + step.done, total, _WRITING)
