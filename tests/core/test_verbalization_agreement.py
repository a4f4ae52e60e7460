"""Samples that say the same agree, by paragraph and whole."""

from pathlib import Path

import numpy as np
import pytest

from glossator.errors import Cancelled
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.verbalize.agreement import Agreement, agreements

pytestmark = pytest.mark.model

RIVER = "A news report on rivers.\n\nThe phrase speaks of floods.\n\nFinal token bank."
STREAM = "An article about streams.\n\nIt mentions high water.\n\nFinal token bank."
CODE = "Python source code.\n\nA loop over items.\n\nFinal token in."


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(device="cpu")


def measured(
    samples: list[list[str]], embedder: SentenceEmbedder, folder: Path
) -> tuple[Agreement, ...]:
    store = EmbeddingStore(folder / "embeddings.sqlite", embedder.name)
    try:
        work = agreements(samples, embedder, store, CancelToken())
        return drive(work, lambda progress: None)
    finally:
        store.close()


def test_alike_samples_agree_more_than_unlike_ones(
    embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    alike, unlike = measured([[RIVER, STREAM], [RIVER, CODE]], embedder, tmp_path)
    assert alike.token == pytest.approx(1)
    for part in ("whole", "message", "phrase"):
        assert getattr(alike, part) > getattr(unlike, part) + 0.1
        assert -1 <= getattr(unlike, part) < 0.6


def test_it_is_the_mean_over_all_pairs(
    embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    samples = [[RIVER, STREAM, CODE], [RIVER, STREAM], [RIVER, CODE], [STREAM, CODE]]
    three, *two = measured(samples, embedder, tmp_path)
    for part in ("whole", "message", "phrase", "token"):
        mean = np.mean([getattr(pair, part) for pair in two])
        assert getattr(three, part) == pytest.approx(mean, abs=1e-6)


def test_missing_paragraphs_are_left_out(
    embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    short = RIVER.partition("\n\n")[0]
    found, single, none = measured(
        [[RIVER, RIVER, short], [RIVER], []], embedder, tmp_path
    )
    assert (found.message, found.phrase, found.token) == (1.0, 1.0, 1.0)
    assert found.whole is not None
    assert found.whole < 0.99
    assert single == none == Agreement(None, None, None, None)


def test_texts_that_say_nothing(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    (found,) = measured([["", " "]], embedder, tmp_path)
    assert found.whole is None


def test_it_can_be_stopped(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    store = EmbeddingStore(tmp_path / "embeddings.sqlite", embedder.name)
    with pytest.raises(Cancelled):
        drive(agreements([[RIVER, CODE]], embedder, store, cancel), lambda step: None)
    store.close()
