"""Features of a known tier by rule, and projects in which a person judged them."""

import random
from pathlib import Path

import numpy as np

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from glossator.project.edits import JudgedTier, SetJudgement
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.revision import feature_subject
from tests.core.graph_documents import (
    as_bytes,
    feature_json,
    feature_node,
    graph_of,
    tracer_graph,
)

WORDS = [
    "river",
    "stone",
    "lamp",
    "paper",
    "cloud",
    "engine",
    "violin",
    "harbour",
    "pepper",
    "window",
    "candle",
    "meadow",
    "ladder",
    "button",
    "rocket",
    "garden",
    "pencil",
    "anchor",
    "basket",
    "feather",
    "mirror",
]
N_FEATURES = 36


def _made_tokens(index: int, rng: random.Random) -> list[str]:
    """Of every three features one fires on a word, one before a word, one anywhere."""
    text = [f" {rng.choice(WORDS)}" for _ in range(13)]
    if index % 3 < 2:
        text[6 + index % 3] = f" {WORDS[index % len(WORDS)]}"
    return text


def truth_of(index: int) -> JudgedTier:
    tiers: tuple[JudgedTier, ...] = ("input", "output", "obscure")
    return tiers[index % 3]


def made_evidence(index: int) -> FeatureEvidence:
    rng = random.Random(index)
    return FeatureEvidence(
        FeatureKey("gpt2-small", "res-jb", 1, index),
        tuple(
            ActivationExample(
                tuple(_made_tokens(index, rng)),
                np.array([0] * 6 + [5.0 - at / 10] + [0] * 6, np.float32),
            )
            for at in range(8)
        ),
        "made",
    )


def made_project(folder: Path, n_judged: int) -> Path:
    """A project with evidence, of whose features the first ones are judged."""
    evidence = folder / "features"
    evidence.mkdir(parents=True)
    for index in range(N_FEATURES):
        examples = [
            (example.tokens, example.activations.tolist())
            for example in made_evidence(index).examples
        ]
        path = evidence / f"{cantor(1, index)}.json"
        path.write_bytes(as_bytes(feature_json({"Top": examples})))
    nodes = [feature_node(1, index, 1) for index in range(N_FEATURES)]
    graph = graph_of(tracer_graph(nodes=nodes, links=[]))
    project = add_graphs(folder / "made.gloss", [graph], [folder / "made.json"])
    add_evidence_path(project, str(evidence))
    judged = [
        SetJudgement(feature_subject(feature), truth_of(feature.index))
        for feature in project.state.features()[:n_judged]
    ]
    project.apply("judge", judged)
    project.put_setting("protocol", '{"null_draws": 100, "z_threshold": 4}')
    project.close()
    return project.path
