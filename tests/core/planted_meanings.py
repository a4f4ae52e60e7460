"""Features of known meaning in made-up text, and readers that know what they mean.

Each feature is of one kind of word, as ``fruit``; its label names the kind. The other
words of a text are at random, so nothing else tells texts apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from glossator.evaluation.label_scores.cutting import NegativePool, cut_examples
from glossator.evaluation.label_scores.excerpt import ScoredExamples
from glossator.evaluation.label_scores.label_score import LabelToScore
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.llm.chat_model import ChatPrompt, NoAnswer, Wanted

KINDS = {
    "birds": "robin sparrow eagle heron falcon owl swan pigeon",
    "fruit": "apple banana cherry mango peach plum grape lemon",
    "colours": "crimson blue green yellow purple pink brown grey",
    "tools": "hammer saw wrench drill chisel pliers screwdriver axe",
    "numbers": "two three four five seven eight nine twelve",
    "months": "January February April June July August October December",
    "days of the week": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "parts of the body": "arm leg knee elbow wrist ankle shoulder neck",
    "countries": "France Spain Italy Japan Brazil Kenya Norway Peru",
    "cities": "Paris London Tokyo Berlin Madrid Rome Cairo Lima",
    "musical instruments": "piano violin flute trumpet cello guitar drum harp",
    "metals": "iron copper silver gold zinc tin lead nickel",
    "weather": "rain snow fog hail storm thunder sleet drizzle",
    "clothes": "shirt trousers coat jacket sock hat glove scarf",
    "relatives": "mother father sister brother uncle aunt cousin nephew",
    "vehicles": "car truck bus train bicycle tram lorry motorcycle",
    "furniture": "chair table sofa desk bed shelf wardrobe stool",
    "vegetables": "carrot onion potato cabbage spinach turnip leek celery",
    "professions": "doctor lawyer teacher plumber baker farmer nurse pilot",
    "emotions": "joy anger fear sadness grief envy pride shame",
    "sports": "tennis football hockey cricket golf rugby swimming rowing",
    "trees": "oak pine maple birch willow elm cedar beech",
    "fish": "salmon trout cod tuna herring pike carp eel",
    "insects": "ant bee wasp beetle moth fly mosquito termite",
    "planets": "Mercury Venus Mars Jupiter Saturn Uranus Neptune",
    "shapes": "circle square triangle rectangle cube sphere cone hexagon",
    "languages": "Latin Greek Arabic Russian Hindi Swedish Polish Turkish",
    "drinks": "tea coffee beer wine juice milk water cocoa",
    "buildings": "church castle tower palace barn temple cottage lighthouse",
    "flowers": "rose tulip daisy lily orchid violet poppy iris",
}
WORDS = {kind: tuple(words.split()) for kind, words in KINDS.items()}
_OTHER = """
the a of to in and that it was for on with as had at by this from they were not which
one would all there been if more when will no out so said what up its about than into
them can only other new some could time these may then do first any my now such like
our over even most made after also did many before must through back where much your
way well down should because each just those people how too little state good very
make world still own see men work long get here between both life being under never
day same another know while last might us great old year off come since against go
came right used take himself few house use during without again place around however
home small found thought went say part once general high upon school every does got
united left number course war until always away something
"""
_LENGTH = 50
_STRONG = 0.6


@dataclass(frozen=True, eq=False)
class Meaning:
    """A feature, with what it means."""

    kind: str
    evidence: FeatureEvidence
    said: bool
    """Whether its words come after the top token, not at it."""

    @property
    def label(self) -> str:
        return f"say {self.kind}" if self.said else self.kind


def meanings(n_examples: int = 40, *, said: bool = False) -> list[Meaning]:
    """One feature a kind."""
    return [
        Meaning(kind, _evidence(index, kind, n_examples, said), said)
        for index, kind in enumerate(WORDS)
    ]


def _evidence(index: int, kind: str, n: int, said: bool) -> FeatureEvidence:
    random = Random(f"{kind} {said}")
    return FeatureEvidence(
        feature=FeatureKey("planted", "meanings", int(said), index),
        examples=tuple(_example(random, kind, rank, said) for rank in range(n)),
        origin="planted",
    )


def _example(random: Random, kind: str, rank: int, said: bool) -> ActivationExample:
    """A word of the kind at random; in a third of the texts a second, weaker one."""
    words = random.choices(_OTHER.split(), k=_LENGTH)
    activations = np.zeros(_LENGTH, np.float32)
    at = random.randrange(18, 30)
    strength = 10 * 0.97**rank
    activations[at - said] = strength
    words[at] = random.choice(WORDS[kind])
    if rank % 3 == 0:
        second = at + random.choice((-9, -5, 4, 6))
        words[second] = random.choice(WORDS[kind])
        activations[second - said] = _STRONG * strength
    return ActivationExample(tuple(f" {word}" for word in words), activations)


def cut(features: Sequence[Meaning]) -> list[ScoredExamples]:
    pool = NegativePool(one.evidence for one in features)
    found = [cut_examples(one.evidence, pool) for one in features]
    assert all(isinstance(one, ScoredExamples) for one in found)
    return [one for one in found if isinstance(one, ScoredExamples)]


def labels(features: Sequence[Meaning]) -> list[LabelToScore]:
    """Each feature with its right label."""
    return [
        LabelToScore(
            one.evidence.feature, one.label, examples, "output" if one.said else "input"
        )
        for one, examples in zip(features, cut(features), strict=True)
    ]


# -- readers of prompts ----------------------------------------------------------------


def question(prompt: ChatPrompt) -> tuple[str, list[str]]:
    """The label, "" where there is none, and the texts, of the last turn."""
    label = re.search(r"^(?:Label|Says next): (.*)$", prompt.turns[-1].text, re.M)
    texts = re.findall(r"^Text \d+: (.*)$", prompt.turns[-1].text, re.M)
    return label[1] if label else "", texts


def knows(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
    """Judges by the words of the label's kind, and by nothing else."""
    label, texts = question(prompt)
    kind = label.removeprefix("say ")
    members = WORDS.get(kind, (kind,))
    match wanted.purpose:
        case "detection":
            fits = [bool(_words(text) & set(members)) for text in texts]
        case "fuzz":
            fits = [set(marked(text)) <= set(members) for text in texts]
        case "output":
            fits = [text.split(">>")[1].split()[0] in members for text in texts]
        case "intruder":
            kinds = [_kinds(text) for text in texts]
            shared = max(WORDS, key=lambda kind: sum(kind in own for own in kinds))
            return str([shared in own for own in kinds].index(False) + 1)
        case _:
            raise AssertionError(wanted.purpose)
    return str([int(fit) for fit in fits])


def tosses(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
    """Answers at random, the same prompt the same."""
    random = Random("".join(turn.text for turn in prompt.turns))
    if wanted.purpose == "intruder":
        return str(random.randint(1, 5))
    return str([random.randint(0, 1) for _ in question(prompt)[1]])


def agrees(prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
    """Says yes to everything."""
    return str([1 for _ in question(prompt)[1]])


def marked(text: str) -> list[str]:
    return re.findall(r"<<(.*?)>>", text)


def _words(text: str) -> set[str]:
    return set(text.split())


def _kinds(text: str) -> set[str]:
    """Of all marked words, or of all words right after the marks."""
    following = [part.split()[0] for part in text.split(">>")[1:] if part.strip()]
    return {
        kind
        for kind, words in WORDS.items()
        if set(marked(text)) <= set(words) or set(following) <= set(words)
    }
