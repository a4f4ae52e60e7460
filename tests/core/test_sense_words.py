"""Labels of features with several senses."""

import numpy as np

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.held_out import example_id
from glossator.labelers.label import Label, NoLabel, Scored
from glossator.labelers.sense_words import SenseWords
from glossator.protocol.decision import ProtocolResult, Sense, Senses
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.core.labelled_features import result as result_of

RIVER = ["the bank of a river", "river and water bank", "a bank by the water river"]
MONEY = ["a bank lends money", "money in the bank loan", "the bank and its money"]


def evidence(texts: list[str]) -> FeatureEvidence:
    """The top token is ``bank``; earlier texts are stronger."""
    examples = []
    for rank, text in enumerate(texts):
        words = text.split()
        activations = np.zeros(len(words), np.float32)
        activations[words.index("bank")] = 10 - rank
        examples.append(
            ActivationExample(tuple(f" {word}" for word in words), activations)
        )
    return FeatureEvidence(FeatureKey("m", "s", 0, 0), tuple(examples), "here")


def result(*senses: tuple[int, ...]) -> ProtocolResult:
    held = tuple(Sense(examples=sense, raw=0.5, z=6.0) for sense in senses)
    found = Senses(window="cross", senses=held, p=0.001) if senses else None
    return result_of("cross", found)


def test_each_sense_is_told_by_words_that_the_others_lack() -> None:
    known = evidence([RIVER[0], MONEY[0], RIVER[1], MONEY[1], RIVER[2], MONEY[2]])
    label = SenseWords(ProtocolSettings()).label(
        Scored(known, result((0, 2, 4), (1, 3, 5)))
    )
    assert isinstance(label, Label)
    assert label.text == "1: river, water · 2: money"
    assert "3 and 3 examples" in label.reason
    assert label.examples == tuple(map(example_id, known.examples))


def test_where_no_word_tells_the_top_tokens_do() -> None:
    known = evidence(["a bank it", "of bank by", "in bank at", *MONEY])
    label = SenseWords(ProtocolSettings()).label(
        Scored(known, result((0, 1, 2), (3, 4, 5)))
    )
    assert isinstance(label, Label)
    assert label.text == "1: bank · 2: money"


def test_a_feature_of_one_sense_gets_none() -> None:
    label = SenseWords(ProtocolSettings()).label(Scored(evidence(RIVER), result()))
    assert isinstance(label, NoLabel)
