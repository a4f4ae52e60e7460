"""A collection that was stopped goes on, and comes to the same, bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glossator.collect import chunks, corpus_run
from glossator.collect.collect_report import CollectReport
from glossator.collect.collect_run import collect_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import CorpusFiles
from glossator.errors import Cancelled, InputError, ModelError
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import LanguageModel
from glossator.progress import CancelToken, Progress, drive
from tests.core.tiny_language_model import save_tiny_llama, sentences

FEATURES = tuple(FeatureKey("tiny", "made", at % 3, at) for at in range(12))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_tiny_llama(tmp_path_factory.mktemp("llama"))
    texts = "\n\n".join(sentences(150))
    (folder / "texts.txt").write_text(texts, encoding="utf-8")
    return folder


@pytest.fixture
def given(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CollectInput:
    """In many small buffers of several batches."""
    monkeypatch.setattr(chunks, "_BUFFER_TOKENS", 1500)
    monkeypatch.setattr(chunks, "_GROUP", 8)
    return CollectInput(
        model=str(model),
        replacement="signed neurons",
        corpus=CorpusFiles((model / "texts.txt",)),
        features=FEATURES,
        folder=tmp_path / "evidence",
        settings=CollectSettings(
            context_length=32, n_top=6, batch_tokens=300, device="cpu"
        ),
    )


def collected(given: CollectInput) -> CollectReport:
    return drive(collect_evidence(given, CancelToken()), lambda progress: None)


def stopped_after(given: CollectInput, n_batches: int) -> int:
    """Cancel; returns the tokens that were run."""
    cancel, done = CancelToken(), [0]

    def listen(progress: Progress) -> None:
        if progress.what == "running the model":
            done.append(progress.done)
            if len(done) > n_batches:
                cancel.cancel()

    with pytest.raises(Cancelled):
        drive(collect_evidence(given, cancel), listen)
    return done[-1]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name != "collection.json"
    }


def told(folder: Path) -> dict[str, object]:
    known: dict[str, object] = json.loads((folder / "collection.json").read_bytes())
    return {name: value for name, value in known.items() if name != "date"}


def test_what_was_stopped_comes_to_the_same(
    given: CollectInput, tmp_path: Path
) -> None:
    whole = replace(given, folder=tmp_path / "whole")
    collected(whole)
    first = stopped_after(given, 3)
    second = stopped_after(given, 4)
    third = stopped_after(given, 9)
    assert 0 < first < second < third
    names = {path.name for path in given.folder.iterdir()}
    assert names == {"unfinished.npz"}
    report = collected(given)
    assert report.collection.n_tokens > third
    assert contents(given.folder) == contents(whole.folder)
    assert told(given.folder) == told(whole.folder)


def test_what_is_closed_from_outside_goes_on_too(
    given: CollectInput, tmp_path: Path
) -> None:
    whole = replace(given, folder=tmp_path / "whole")
    collected(whole)
    work = collect_evidence(given, CancelToken())
    steps = [next(work) for _ in range(6)]
    work.close()
    resumed = list(collect_evidence(given, CancelToken()))
    assert resumed[1].done > steps[-1].done
    assert contents(given.folder) == contents(whole.folder)


def test_the_state_is_stored_while_it_runs(
    given: CollectInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(given, folder=tmp_path / "whole")
    collected(whole)
    monkeypatch.setattr(corpus_run, "_SAVED_EVERY", 0.0)
    work = collect_evidence(given, CancelToken())
    for _ in range(8):
        next(work)
    state = (given.folder / "unfinished.npz").read_bytes()
    work.close()
    # As after a crash: the last state is older than what was done.
    (given.folder / "unfinished.npz").write_bytes(state)
    collected(given)
    assert contents(given.folder) == contents(whole.folder)


def test_a_state_of_other_input_is_left_alone(given: CollectInput) -> None:
    stopped_after(given, 2)
    other = replace(given, features=FEATURES[:3])
    with pytest.raises(InputError, match=r"unfinished\.npz: .* of other input"):
        collected(other)
    state = given.folder / "unfinished.npz"
    state.write_bytes(state.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"cannot be read .*; delete it to begin"):
        collected(given)


class SmallMemory:
    """A device on which so many tokens at once are too many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        self.sizes: list[int] = []
        read = LanguageModel.read

        def limited(model: LanguageModel, ids: torch.Tensor, readers: object) -> object:
            self.sizes.append(ids.numel())
            if ids.numel() > most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return read(model, ids, readers)  # type: ignore[arg-type]

        monkeypatch.setattr(LanguageModel, "read", limited)


def test_batches_are_halved_where_memory_lacks(
    given: CollectInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = SmallMemory(monkeypatch, 120)
    report = collected(given)
    assert report.collection.n_documents == 150
    assert report.collection.batch_tokens < 120
    failed = [size for size in memory.sizes if size > 120]
    assert 1 <= len(failed) <= 2
    assert max(memory.sizes[-10:]) <= 120


def test_memory_that_lacks_for_one_chunk_is_told(
    given: CollectInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    SmallMemory(monkeypatch, 20)
    with pytest.raises(ModelError, match=r"memory lacks for .* set a smaller context"):
        collected(given)
