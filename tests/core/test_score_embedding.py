"""Labels scored by the real embedder, and how like they are to verbalizations."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from glossator.errors import Cancelled
from glossator.evaluation.label_scores.as_in_source import (
    EMBEDDING,
    NegativeGaps,
    negative_gaps,
    sample_as_in_source,
)
from glossator.evaluation.label_scores.baselines import BesideBaselines
from glossator.evaluation.label_scores.cutting import NegativePool, cut_examples
from glossator.evaluation.label_scores.embedding import (
    EmbeddingScorer,
)
from glossator.evaluation.label_scores.excerpt import ScoredExamples
from glossator.evaluation.label_scores.label_score import (
    LabelScore,
    LabelToScore,
    NotScored,
    Scorer,
)
from glossator.evaluation.label_scores.statistics import mean_over_features, wilson
from glossator.evaluation.label_scores.verbalization_likeness import (
    VerbalizationLikeness,
    Verbalized,
    verbalization_likeness,
)
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from tests.core.planted_meanings import WORDS, Meaning, labels, meanings

pytestmark = pytest.mark.model

RIGHT, SAID = labels(meanings()), labels(meanings(said=True))


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingScorer]:
    embedder = SentenceEmbedder(device="cpu")
    file = tmp_path_factory.mktemp("store") / "embeddings.sqlite"
    store = EmbeddingStore(file, embedder.name)
    yield EmbeddingScorer(embedder, store)
    store.close()


def scores(scorer: Scorer, batch: Sequence[LabelToScore]) -> list[LabelScore]:
    found = drive(scorer.scores(batch, CancelToken()), lambda progress: None)
    assert all(isinstance(one, LabelScore) for one in found)
    return [one for one in found if isinstance(one, LabelScore)]


@pytest.mark.parametrize("batch", [RIGHT, SAID], ids=["at the top token", "after it"])
def test_the_right_label_ranks_above_that_of_another_feature(
    scorer: EmbeddingScorer, batch: list[LabelToScore]
) -> None:
    found = scores(BesideBaselines(scorer), batch)
    others = [
        next(b.score.auc for b in one.baselines if b.name == "another label")
        for one in found
    ]
    own = [one.auc for one in found]
    assert (mean_over_features(own).mean or 0) > 0.75
    assert 0.4 < (mean_over_features(others).mean or 0) < 0.6
    differences = [
        (mine or 0) - (theirs or 0) for mine, theirs in zip(own, others, strict=True)
    ]
    assert sum(difference > 0 for difference in differences) >= 28
    interval = mean_over_features(differences).interval
    assert interval is not None
    assert interval[0] > 0.2
    assert negative_gaps(found) == NegativeGaps(30, 0.0, wilson(0, 30))
    assert all(one.balanced_accuracy is one.as_wrong is None for one in found)


def test_wrong_labels_have_negative_gaps(scorer: EmbeddingScorer) -> None:
    """Those of the features that the negatives are of."""
    every = {word for kind in WORDS.values() for word in kind}
    words = {t.strip() for one in RIGHT[0].examples.negatives for t in one.texts}
    wrong = replace(RIGHT[0], text=", ".join(sorted(words & every)))
    found = negative_gaps(scores(scorer, [*RIGHT[:3], wrong]))
    assert (found.n, found.share) == (4, 0.25)
    assert found.interval == wilson(1, 4)


def test_an_interval_goes_with_each_number(scorer: EmbeddingScorer) -> None:
    for one in scores(scorer, RIGHT[:5]):
        assert one.auc is not None
        assert one.gap is not None
        assert one.auc_interval is not None
        assert one.gap_interval is not None
        assert one.auc_interval[0] < one.auc <= one.auc_interval[1] <= 1
        assert one.gap_interval[0] < one.gap < one.gap_interval[1]
        assert [q.n_positive for q in one.by_quantile] == [4] * 5
        assert one.model == scorer.embedder.name
        assert scorer.asked(RIGHT) == []


def test_nothing_stands_before_the_label_and_say_is_left_out(
    scorer: EmbeddingScorer,
) -> None:
    for label, claim in ((RIGHT[0], "birds"), (SAID[0], "birds")):
        first = label.examples.positives[0]
        near = first.around_top(-8 if label is RIGHT[0] else 1, 8)
        together = np.zeros((2, 384))
        for batch in scorer.embedder.embed([claim, near]):
            together[batch.at] = batch.vectors
        unit = together / np.linalg.norm(together, axis=1, keepdims=True)
        [found] = scores(scorer, [label])
        assert found.outcomes[0].text_id == first.text_id
        assert found.outcomes[0].likeness == pytest.approx(unit[0] @ unit[1], abs=1e-6)


def test_only_what_lies_around_the_top_token_counts(scorer: EmbeddingScorer) -> None:
    """Up to eight tokens away; for what comes next, only after it."""

    def scored(features: list[Meaning], far: range) -> list[float | None]:
        random = Random(0)
        changed = []
        for one in features:
            examples = []
            for example in one.evidence.examples:
                tokens = list(example.tokens)
                for at in far:
                    tokens[example.top + at] = f" {random.choice(WORDS['birds'])}"
                examples.append(replace(example, tokens=tuple(tokens)))
            evidence = replace(one.evidence, examples=tuple(examples))
            changed.append(replace(one, evidence=evidence))
        return [one.gap for one in scores(scorer, labels(changed)[:3])]

    heard = [one.gap for one in scores(scorer, RIGHT[:3])]
    assert scored(meanings(), range(9, 13)) == pytest.approx(heard, abs=1e-6)
    assert scored(meanings(), range(7, 9)) != pytest.approx(heard, abs=1e-3)
    heard = [one.gap for one in scores(scorer, SAID[:3])]
    said = meanings(said=True)
    assert scored(said, range(-8, 1)) == pytest.approx(heard, abs=1e-6)
    assert scored(said, range(7, 9)) != pytest.approx(heard, abs=1e-3)


def test_marks_of_tokenizers_and_breaks_are_not_embedded(
    scorer: EmbeddingScorer,
) -> None:
    def written(one: Meaning, space: str, after: str) -> Meaning:
        examples = tuple(
            replace(
                example,
                tokens=tuple(
                    space + t.strip() + (after if at % 7 == 0 else "")
                    for at, t in enumerate(example.tokens)
                ),
            )
            for example in one.evidence.examples
        )
        return replace(one, evidence=replace(one.evidence, examples=examples))

    as_is = scores(scorer, labels(meanings())[:3])
    marked = labels([written(one, "▁", "\n") for one in meanings()])[:3]
    for one, other in zip(as_is, scores(scorer, marked), strict=True):
        assert other.gap == pytest.approx(one.gap, abs=1e-6)


def test_where_no_text_follows_there_is_no_score(scorer: EmbeddingScorer) -> None:
    ended = [
        replace(
            one.evidence,
            examples=tuple(
                replace(
                    example,
                    tokens=example.tokens[: example.top + 1],
                    activations=example.activations[: example.top + 1],
                )
                for example in one.evidence.examples
            ),
        )
        for one in meanings(said=True)
    ]
    examples = cut_examples(ended[0], NegativePool(ended))
    assert isinstance(examples, ScoredExamples)
    label = LabelToScore(ended[0].feature, "say birds", examples)
    work = scorer.scores([label, replace(label, text="  ")], CancelToken())
    ends, blank = drive(work, lambda progress: None)
    assert isinstance(ends, NotScored)
    assert "0 positives and 0 negatives with text" in ends.reason
    assert isinstance(blank, NotScored)
    assert blank.reason == "the label holds no text."


def test_it_can_be_stopped(scorer: EmbeddingScorer, tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "empty.sqlite", scorer.embedder.name)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        drive(replace(scorer, store=store).scores(RIGHT, cancel), lambda step: None)
    store.close()


def test_as_in_the_source_whole_texts_are_compared_as_they_are_stored(
    scorer: EmbeddingScorer,
) -> None:
    features = [
        replace(
            one.evidence,
            examples=tuple(
                replace(e, tokens=(*e.tokens[:8], "▁", *e.tokens[9:]))
                for e in one.evidence.examples
            ),
        )
        for one in meanings(15)
    ]
    sample = sample_as_in_source(features)
    feature, examples = next(iter(sample.examples.items()))
    label = LabelToScore(feature, "birds", examples)
    [found] = scores(replace(scorer, settings=EMBEDDING), [label])
    asked = (
        "Instruct: Retrieve sentences that could be related to the explanation.\n"
        "Query:birds"
    )
    stored = [
        ["".join(one.texts) for one in side]
        for side in (examples.positives, examples.negatives)
    ]
    assert all("▁" in text and len(text) > 100 for side in stored for text in side)
    texts = [asked, *stored[0], *stored[1]]
    vectors = np.zeros((21, 384))
    for batch in scorer.embedder.embed(texts):
        vectors[batch.at] = batch.vectors
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors[1:] @ vectors[0]
    assert found.gap == pytest.approx(cosines[:10].mean() - cosines[10:].mean())
    assert found.gap is not None
    assert abs(found.gap) > 0.01


# -- verbalizations: an aid ------------------------------------------------------------

SAYS = "A text about cooking.\n\nIt lists what is in a soup.\n\nCarrots and leeks."


def likeness(
    scorer: EmbeddingScorer, *batch: Verbalized
) -> list[VerbalizationLikeness]:
    work = verbalization_likeness(batch, scorer.embedder, scorer.store, CancelToken())
    return drive(work, lambda progress: None)


def test_a_label_is_like_what_was_said_of_its_feature(scorer: EmbeddingScorer) -> None:
    right, wrong = likeness(
        scorer, Verbalized("vegetables", (SAYS,)), Verbalized("brackets", (SAYS,))
    )
    assert right.whole is not None
    assert right.last is not None
    assert right.whole > (wrong.whole or 0) + 0.1
    assert right.last > (wrong.last or 0) + 0.1
    assert right.last != right.whole


def test_it_is_the_mean_over_verbalizations(scorer: EmbeddingScorer) -> None:
    other = "Weather."
    both, one, two, none = likeness(
        scorer,
        Verbalized("vegetables", (SAYS, other, " ")),
        Verbalized("vegetables", (SAYS,)),
        Verbalized("vegetables", (other,)),
        Verbalized("vegetables", ()),
    )
    assert both.whole == pytest.approx(np.mean([one.whole, two.whole]))
    assert (both.n, one.n, none.n) == (2, 1, 0)
    assert two.whole == two.last
    assert none == VerbalizationLikeness(0, None, None)


def test_it_is_no_score(scorer: EmbeddingScorer) -> None:
    [aid] = likeness(scorer, Verbalized("vegetables", (SAYS,)))
    assert not isinstance(aid, LabelScore)
    assert set(vars(aid)) == {"n", "whole", "last"}
