"""Planted features hold what they are said to hold; read from a made-up corpus."""

from collections import Counter
from functools import cache
from itertools import combinations, pairwise
from typing import get_args

import numpy as np
import pytest

from benchmarks.corpus_text import (
    Corpus,
    SemanticClass,
    make_corpus,
    semantic_classes,
    split_of,
)
from benchmarks.planted_features import (
    CONTEXT,
    PlantedFeature,
    PlantedKind,
    plant,
    random_features,
)
from benchmarks.planted_words import Place, patterns
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence

N_STEMS = 700
N_WORDS = 130_000


def _words(rng: np.random.Generator) -> list[str]:
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aiou"]
    drawn: list[list[str]] = rng.choice(syllables, size=(2 * N_STEMS, 3)).tolist()
    return list(dict.fromkeys("".join(word) for word in drawn))[:N_STEMS]


def _sentences(rng: np.random.Generator) -> list[str]:
    """Words of one frequency: at random, in phrases, and in boilerplate.

    Half of the sentences follow one of 300 models but for one word; some words
    stand twice in a sentence.
    """
    stems = _words(rng)
    single, paired = stems[100:], sorted(stems[:100], key=split_of)
    pairs = [f"{a} {b}" for a, b in zip(paired[::2], paired[1::2], strict=True)]
    short = [f"{a}a{b}{end}" for a in "bdfg" for b in "lmnr" for end in ("e", "ing")]
    pool = [*single, *(stem + "s" for stem in single), *pairs, *short]
    drawn: list[list[str]] = rng.choice(pool, size=(N_WORDS // 10, 10)).tolist()
    models: list[list[str]] = rng.choice(pool, size=(300, 10)).tolist()
    for at, words in enumerate(drawn):
        if at % 2:
            model = models[at // 2 % 300]
            words[:] = [w if i == at % 7 else model[i] for i, w in enumerate(words)]
        elif at % 3 == 0:
            words[7] = words[3]
    return [" ".join(words) + "." for words in drawn]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    rng = np.random.default_rng(4)
    sentences = _sentences(rng)
    drawn = rng.choice(_words(np.random.default_rng(4)), (12, 24)).tolist()
    classes = [
        SemanticClass(f"class {i}", tuple(sorted(set(words))))
        for i, words in enumerate(drawn)
    ]
    prose = [sentences[i : i + 40] for i in range(0, len(sentences), 40)]
    return make_corpus([], prose, classes)


def _planted(corpus: Corpus, kind: PlantedKind, **given: float) -> list[PlantedFeature]:
    return plant(
        corpus,
        kind=kind,
        n=int(given.get("n", 10)),
        noise=given.get("noise", 0.2),
        count=int(given.get("count", 12)),
        seed=int(given.get("seed", 0)),
        words="dev",
    )


def _folded(example: ActivationExample, low: int, high: int) -> list[str]:
    """Words low..high of the top token."""
    start = max(example.top + low, 0)
    tokens = example.tokens[start : example.top + high + 1]
    return [token.strip().lower() for token in tokens]


def _shown(feature: PlantedFeature, sense: int = 0) -> list[ActivationExample]:
    pairs = zip(feature.evidence.examples, feature.senses, strict=True)
    return [example for example, shown in pairs if shown == sense]


def _members(corpus: Corpus, place: Place, name: str) -> set[str]:
    """Phrases of the pattern of that name."""
    [found] = [
        p for form in patterns(corpus, place, "dev") for p in form if p.name == name
    ]
    return {
        " ".join(corpus.vocabulary[word] for word in phrase) for phrase in found.phrases
    }


def _texts(features: list[PlantedFeature]) -> list[list[str]]:
    return [[_text(e) for e in f.evidence.examples] for f in features]


def _document(corpus: Corpus, example: ActivationExample) -> int:
    """Which document the example was cut from."""
    text = _text(example)
    [found] = [i for i, other in enumerate(_documents(corpus)) if text in other]
    return found


@cache
def _documents(corpus: Corpus) -> list[str]:
    return ["".join(document) for document in corpus.documents]


def _text(example: ActivationExample) -> str:
    return "".join(example.tokens)


def test_top_tokens_of_input_features_are_the_words_or_end_the_phrase(
    corpus: Corpus,
) -> None:
    forms = set()
    for feature in _planted(corpus, "input"):
        name = feature.description.removeprefix("input: ")
        members = _members(corpus, "input", name)
        length = 1 + name.count(" ")
        forms.add((length, len(members) > 1))
        for example in _shown(feature):
            assert " ".join(_folded(example, 1 - length, 0)) in members
    assert forms == {(1, False), (1, True), (2, False)}


def test_next_tokens_of_output_features_are_the_words_and_top_tokens_vary(
    corpus: Corpus,
) -> None:
    forms = set()
    for feature in _planted(corpus, "output", n=20):
        name = feature.description.removeprefix("output: ")
        members = _members(corpus, "output", name)
        length = max(1 + member.count(" ") for member in members)
        forms.add((length, len(members) > 1))
        examples = _shown(feature)
        for example in examples:
            assert " ".join(_folded(example, 1, length)) in members
        tops = Counter(_folded(example, 0, 0)[0] for example in examples)
        assert max(tops.values()) <= 2
    assert forms == {(1, False), (1, True), (2, False)}


def test_words_of_cross_features_are_near_but_in_neither_narrow_window(
    corpus: Corpus,
) -> None:
    for feature in _planted(corpus, "cross"):
        members = _members(corpus, "cross", feature.description.removeprefix("cross: "))
        examples = _shown(feature)
        for example in examples:
            assert members & set(_folded(example, -8, 8))
            assert not members & set(_folded(example, -2, 3))
        for at in (0, 1):
            seen = Counter(_folded(example, at, at)[0] for example in examples)
            assert max(seen.values()) == 1


def test_words_of_cross_features_are_in_the_dictionary_entry_of_the_top_token() -> None:
    entries = make_corpus([_sentences(np.random.default_rng(4))], [])
    for feature in _planted(entries, "cross", count=4):
        members = _members(
            entries, "cross", feature.description.removeprefix("cross: ")
        )
        for example in _shown(feature):
            before = "".join(example.tokens[example.top - 8 : example.top])
            after = "".join(example.tokens[example.top : example.top + 9])
            entry = before.split("\n")[-1] + after.split("\n")[0]
            assert members & set(entry.replace(".", " ").split())


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("polysemantic", ("cross", "cross")),
        ("polysemantic words", ("input", "input")),
        ("polysemantic mixed", ("input", "cross")),
    ],
)
def test_polysemantic_features_show_two_senses_in_half_of_the_examples_each(
    corpus: Corpus, kind: PlantedKind, places: tuple[Place, Place]
) -> None:
    for feature in _planted(corpus, kind, noise=0.2):
        assert feature.polysemantic
        assert Counter(feature.senses) == {0: 4, 1: 4, None: 2}
        for sense, named in enumerate(feature.description.split(", ")):
            place, _, name = named.partition(": ")
            assert place == places[sense]
            members = _members(corpus, places[sense], name)
            reach = (-1, 0) if place == "input" else (-8, 8)
            for example in _shown(feature, sense):
                window = _folded(example, *reach)
                assert members & {*window, " ".join(window)}


@pytest.mark.parametrize(("noise", "expected"), [(0, 0), (0.25, 5), (0.5, 10)])
def test_noise_replaces_its_share_of_the_examples(
    corpus: Corpus, noise: float, expected: int
) -> None:
    for feature in _planted(corpus, "input", n=20, noise=noise, count=4):
        assert len(feature.evidence.examples) == 20
        assert feature.senses.count(None) == expected


@pytest.mark.parametrize("kind", get_args(PlantedKind))
def test_examples_come_from_different_documents_and_share_no_surroundings(
    corpus: Corpus, kind: PlantedKind
) -> None:
    for feature in _planted(corpus, kind, n=40, count=3):
        examples = feature.evidence.examples
        assert len({_document(corpus, example) for example in examples}) == 40
        for sense in (0, 1):
            for one, other in combinations(_shown(feature, sense), 2):
                assert _folded(one, -4, -1) != _folded(other, -4, -1)
                assert _folded(one, 1, 4) != _folded(other, 1, 4)


def test_examples_are_the_strongest_first_with_eight_tokens_around_the_top_one(
    corpus: Corpus,
) -> None:
    for feature in _planted(corpus, "obscure"):
        strength = [example.activation for example in feature.evidence.examples]
        assert all(a > b > 0 for a, b in pairwise(strength))
        for example in feature.evidence.examples:
            assert 8 <= example.top <= CONTEXT
            assert 8 <= len(example.tokens) - 1 - example.top <= CONTEXT
            assert np.count_nonzero(example.activations) == 1


def test_the_truth_is_the_planted_place_and_obscure_for_several_senses(
    corpus: Corpus,
) -> None:
    truths = {k: _planted(corpus, k, count=1)[0].truth for k in get_args(PlantedKind)}
    assert truths == {
        "input": "input",
        "output": "output",
        "cross": "cross",
        "obscure": "obscure",
        "polysemantic": "obscure",
        "polysemantic words": "obscure",
        "polysemantic mixed": "obscure",
    }


def test_a_seed_gives_the_same_features_and_another_gives_others(
    corpus: Corpus,
) -> None:
    first = _planted(corpus, "output", seed=3)
    assert _texts(first) == _texts(_planted(corpus, "output", seed=3))
    assert _texts(first) != _texts(_planted(corpus, "output", seed=4))


def test_features_of_one_call_share_no_words(corpus: Corpus) -> None:
    planted = _planted(corpus, "input", count=100)
    names = [feature.description.removeprefix("input: ") for feature in planted]
    seen = Counter(
        word
        for name in names
        for word in {w for m in _members(corpus, "input", name) for w in m.split()}
    )
    assert max(seen.values()) == 1


def test_words_for_tuning_and_for_testing_are_disjoint(corpus: Corpus) -> None:
    for place in get_args(Place):
        dev, test = (
            {w for form in patterns(corpus, place, s) for p in form for w in p.words}
            for s in ("dev", "test")
        )
        assert dev
        assert test
        stems = [{corpus.vocabulary[word][:4] for word in side} for side in (dev, test)]
        assert not stems[0] & stems[1]


def test_too_few_words_are_told(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match=r"cross: words for .* of 5000 only"):
        _planted(corpus, "cross", count=5000)


def test_too_few_documents_are_told(corpus: Corpus) -> None:
    small = Corpus(corpus.documents[:30])
    with pytest.raises(ValueError, match="20 examples need 40 documents"):
        random_features(small, count=1, n=20, seed=0)


def test_random_features_are_many_from_different_documents(corpus: Corpus) -> None:
    found = random_features(corpus, count=300, n=20, seed=1)
    assert len(found) == 300
    assert all(len(set(map(_text, f.examples))) == 20 for f in found)
    for feature in found[:5]:
        assert len({_document(corpus, e) for e in feature.examples}) == 20
    again = random_features(corpus, count=300, n=20, seed=1)
    assert list(map(_text, again[7].examples)) == list(map(_text, found[7].examples))


def test_halves_share_no_document_and_make_up_the_whole(corpus: Corpus) -> None:
    first, second = corpus.half("first"), corpus.half("second")
    assert not set(first.documents) & set(second.documents)
    assert {*first.documents, *second.documents} == set(corpus.documents)
    assert min(len(first.documents), len(second.documents)) > 100


def test_tokens_keep_the_text_and_cut_only_rare_words() -> None:
    text = "Perhaps the thermometer showed 1,250 degrees; it didn't."
    found = make_corpus(
        [], [[text, *["the thermometer " + "so " * i for i in range(12)]]]
    )
    [document] = found.documents
    assert "".join(document).startswith(text)
    assert document[:9] == (
        "Perha", "ps", " the", " thermometer", " showe", "d", " 1", ",", "250",
    )  # fmt: skip
    assert " thermometer" in document
    words = [found.vocabulary[word] if word >= 0 else "" for word in found.words[:4]]
    assert words == ["", "", "the", "thermometer"]


def test_repeated_texts_are_kept_once() -> None:
    found = make_corpus(
        [["cat: an animal", "Cat - an ANIMAL 12", "dog: an animal"]],
        [["cat, an animal"]],
    )
    assert ["".join(document) for document in found.documents] == [
        "cat: an animal\ndog: an animal"
    ]


def _wordnet() -> tuple[str, str]:
    """A chain from the root to "berry", with words under it; file 13 is food."""
    lines, index = ["  1 a notice"], ["  1 a notice"]

    def add(place: int, file: str, kind: str, parent: int, *words: str) -> None:
        up = f"001 {kind} {parent:08} n 0000" if parent else "000"
        listed = " ".join(f"{word} 0" for word in words)
        head = f"{place:08} {file} n {len(words):02x} {listed} {up}"
        lines.append(f"{head} | a gloss  ")
        index.extend(f"{w.lower()} n 1 1 @ 1 0 {place:08}  " for w in words)

    for place in range(1, 8):
        add(place, "13", "@", place - 1, "berry" if place == 7 else f"level_{place}")
    add(8, "13", "@", 7, "bilberry", "blaeberry", "low_bush_berry")
    add(9, "13", "@", 8, "alpine")
    add(10, "18", "@i", 7, "Smith")
    add(11, "13", "@", 7, "date")
    index.append("date n 2 1 @ 2 0 00000001 00000011  ")
    add(12, "13", "@", 7, "blue")
    add(13, "03", "@", 7, "thought")
    add(14, "03", "@", 13, "idea")
    return "\n".join(lines), "\n".join(index)


def test_classes_are_words_in_their_first_sense_under_a_specific_thing() -> None:
    nouns, senses = _wordnet()
    classes = semantic_classes(nouns, senses, "  1 a notice\nblue a 1 0 1 0 00000001")
    assert classes == [
        SemanticClass("berry", ("alpine", "bilberry", "blaeberry", "idea", "thought")),
        SemanticClass("bilberry", ("alpine",)),
    ]


def test_planted_evidence_has_keys_of_its_own(corpus: Corpus) -> None:
    found: list[FeatureEvidence] = [f.evidence for f in _planted(corpus, "input")]
    assert [evidence.feature.index for evidence in found] == list(range(12))
    assert {evidence.feature.source_set for evidence in found} == {"planted"}
