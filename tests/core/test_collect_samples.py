"""What is kept of a stream against what the whole of it would give."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from glossator.collect.chunks import Chunk
from glossator.collect.histogram import Distribution, bin_counts
from glossator.collect.observation import Observation
from glossator.collect.range_samples import RangeSamples
from glossator.collect.repeats import repeat_keys, word_numbers
from glossator.collect.strongest import StrongestExamples

WORDS = np.arange(5000)
FEATURES = [(0, 3), (2, 40)]


class Stream:
    """Chunks of random length; peaks of two features spread over many powers of two."""

    def __init__(self, n: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.chunks = [
            Chunk(at, rng.integers(1, 5000, rng.integers(3, 9)).astype(np.int32))
            for at in range(n)
        ]
        self.values = [
            (rng.standard_normal((len(chunk.ids), 2)) - 0.5)
            * np.exp(rng.standard_normal())
            for chunk in self.chunks
        ]
        peaks = [values.max(axis=0) for values in self.values]
        self.peaks: NDArray[np.float32] = np.array(peaks, np.float32)

    def batches(self, order: Sequence[int], size: int) -> Iterator[Observation]:
        for start in range(0, len(order), size):
            at = order[start : start + size]
            chunks = [self.chunks[i] for i in at]
            longest = max(len(chunk.ids) for chunk in chunks)
            acts = torch.zeros(len(at), longest, 2)
            for row, i in enumerate(at):
                acts[row, : len(self.values[i])] = torch.from_numpy(self.values[i])
            yield Observation.of(chunks, acts, WORDS)


def sampled(stream: Stream, order: Sequence[int], size: int) -> RangeSamples:
    samples = RangeSamples(FEATURES, 7, 3, seed=5)
    for seen in stream.batches(order, size):
        samples.offer(seen)
    return samples


def test_samples_do_not_depend_on_order_or_batches() -> None:
    stream = Stream(700)
    rising = np.argsort(stream.peaks[:, 0]).tolist()
    one = sampled(stream, range(700), 700)
    other = sampled(stream, rising, 13)
    for feature in range(2):
        largest = float(stream.peaks[:, feature].max())
        for low, high in ((0, 1), (0.5, 1), (0.2, 0.4)):
            chunks = [
                s.table.chunk[
                    feature, s.between(feature, low * largest, high * largest)
                ]
                for s in (one, other)
            ]
            assert chunks[0].tolist() == chunks[1].tolist()
            assert len(chunks[0])
        silent = [s.table.chunk[feature, s.silent(feature, 0.0)] for s in (one, other)]
        assert silent[0].tolist() == silent[1].tolist()


def test_of_a_level_each_chunk_is_as_likely_as_any() -> None:
    stream = Stream(400)
    peaks = stream.peaks[:, 0]
    inside = np.flatnonzero((peaks > 0.5) & (peaks <= 1.0))
    assert len(inside) > 40
    assert peaks.max() < 16  # else the range would be faint
    met = np.zeros(400)
    for seed in range(300):
        samples = RangeSamples(FEATURES, 5, 3, seed=seed)
        for seen in stream.batches(range(400), 50):
            samples.offer(seen)
        slots = samples.between(0, 0.5, 1.0)[:5]
        met[samples.table.chunk[0, slots]] += 1
    assert met[inside].sum() == 300 * 5
    expected = 300 * 5 / len(inside)
    # Chi squared over its degrees of freedom is 1 on average.
    spread = ((met[inside] - expected) ** 2 / expected).sum() / (len(inside) - 1)
    assert 0.5 < spread < 1.6


def test_silent_chunks_are_those_without_any_activation() -> None:
    stream = Stream(300)
    samples = sampled(stream, range(300), 32)
    for feature in range(2):
        slots = samples.silent(feature, 0.0)
        assert len(slots) == 7
        chunks = samples.table.chunk[feature, slots]
        assert (stream.peaks[chunks, feature] <= 0).all()


def test_stored_windows_are_those_around_the_top_token() -> None:
    stream = Stream(200)
    samples = sampled(stream, range(200), 17)
    table = samples.table
    for slot in samples.between(1, 0.0, 1e9):
        chunk = int(table.chunk[1, slot])
        values, ids = stream.values[chunk][:, 1], stream.chunks[chunk].ids
        top = int(values.argmax())
        first, last = max(0, top - 3), min(len(ids), top + 4)
        length = int(table.length[1, slot])
        assert table.ids[1, slot, :length].tolist() == ids[first:last].tolist()
        assert table.top[1, slot] == top - first
        np.testing.assert_allclose(
            table.activations[1, slot, :length], values[first:last], rtol=1e-6
        )


def test_the_strongest_do_not_depend_on_order() -> None:
    stream = Stream(500)
    found = []
    for order, size in (
        (list(range(500)), 500),
        (np.argsort(stream.peaks[:, 0]).tolist(), 9),
        (np.argsort(-stream.peaks[:, 1]).tolist(), 40),
    ):
        strongest = StrongestExamples(2, 10, 3)
        for seen in stream.batches(order, size):
            strongest.offer(seen)
        found.append(
            [strongest.table.chunk[f, strongest.best(f)].tolist() for f in range(2)]
        )
    assert found[0] == found[1] == found[2]
    for feature in range(2):
        expected = np.argsort(-stream.peaks[:, feature], kind="stable")[:10].tolist()
        assert found[0][feature] == expected


def test_of_repeated_texts_the_strongest_stays() -> None:
    stream = Stream(40)
    for copy, of in ((20, 3), (21, 3), (22, 5)):
        stream.chunks[copy] = Chunk(copy, stream.chunks[of].ids)
        values = np.zeros((len(stream.chunks[of].ids), 2))
        top = int(stream.values[of][:, 0].argmax())
        stream.values[of][top] = 50.0 + of
        values[top] = 60.0 if copy == 21 else 40.0
        stream.values[copy] = values
    strongest = StrongestExamples(2, 5, 3)
    for seen in stream.batches(range(40), 4):
        strongest.offer(seen)
    assert strongest.table.chunk[0, strongest.best(0)].tolist()[:2] == [21, 5]
    kept = set(strongest.table.chunk[0].tolist())
    assert not kept & {3, 20, 22}


def test_texts_repeat_if_the_words_near_or_before_are_the_same() -> None:
    vocabulary = ["", " a", "A", " b", " c", " d", " e", " f", " g", " h", " x"]
    words = word_numbers(vocabulary)
    assert words[1] == words[2]
    ids = np.array(
        [
            [3, 4, 5, 6, 1, 7, 8, 9, 10, 10],  # b c d e A f g h x
            [3, 4, 5, 6, 2, 7, 8, 9, 10, 3],  # the same but for case and what is far
            [10, 4, 5, 6, 1, 10, 8, 9, 10, 3],  # the same before
            [3, 4, 5, 10, 1, 7, 8, 9, 10, 3],  # another word before
        ],
        np.int32,
    )
    near, before = repeat_keys(ids, np.full(4, 10), words)
    assert near[0, 4] == near[1, 4]
    assert len(set(near[:, 4].tolist())) == 3
    assert before[0, 4] == before[1, 4] == before[2, 4] != before[3, 4]
    # Padding is no word.
    short, _ = repeat_keys(ids[:, :7], np.array([6, 6, 6, 6]), words)
    long, _ = repeat_keys(ids[:, :6], np.array([6, 6, 6, 6]), words)
    assert np.array_equal(short[:, :6], long)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 300.0])
def test_shares_and_quantiles_are_those_of_all_values(scale: float) -> None:
    rng = np.random.default_rng(1)
    values = (scale * rng.standard_normal(40_000) * rng.random(40_000)).astype(
        np.float32
    )
    parts = np.split(values, 10)
    counts = sum(bin_counts(torch.from_numpy(part)[None, :, None]) for part in parts)
    assert isinstance(counts, torch.Tensor)
    seen = Distribution(counts[0].numpy(), len(values), float(values.max()))
    assert seen.share_above(0.0) == (values > 0).mean()
    for level in (0.5, 0.9, 0.99, 0.999):
        expected = max(0.0, float(np.quantile(values, level)))
        assert seen.quantile(level) == pytest.approx(expected, rel=0.01, abs=1e-6)
    assert seen.quantile(1.0) == float(values.max())
    threshold = 0.1 * float(values.max())
    share = float((values > threshold).mean())
    assert seen.share_above(threshold) == pytest.approx(share, rel=0.01)
    assert sum(seen.equal_bins(40)) == (values > 0).sum()


def test_what_is_never_positive_has_an_empty_distribution() -> None:
    counts = bin_counts(-torch.ones(1, 9, 1))
    seen = Distribution(counts[0].numpy(), 9, 0.0)
    assert seen.share_above(0.0) == 0
    assert seen.quantile(0.5) == seen.quantile(1.0) == 0
