"""A project to use without a plan: two graphs that share features, and evidence."""

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.project.edits import AddRevision, AnyEdit, SetDeclined, SetResult
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.revision import Declined, LabelRevision, feature_subject, now
from glossator.protocol.decision import Tier
from tests.core.graph_documents import (
    N_LAYERS,
    Json,
    as_bytes,
    batch_feature,
    dashboard_batch,
    embedding_node,
    error_node,
    feature_node,
    link,
    logit_node,
    tracer_graph,
)
from tests.core.labelled_features import result

_TOKENS = ("<bos>", "The", " capital", "⏎\n", " état", "\u202eabc", " 東京")
_WORDS = ("lamp", "river", "stone", "cloud", "née", "Ωmega", "שלום", "naïve")
_TIERS: tuple[Tier, ...] = ("input", "output", "cross", "obscure", "insufficient")
_PER_LAYER = 9


def make_project(path: Path) -> None:
    """A project file at `path`, its graphs and evidence beside it; always the same."""
    drawn = random.Random(7)
    path.parent.mkdir(parents=True, exist_ok=True)
    graphs = [path.with_name(f"{name}.json") for name in ("first", "second")]
    for file in graphs:
        file.write_bytes(as_bytes(_graph(drawn, file.stem)))
    project = add_graphs(path, [read_graph(file) for file in graphs], graphs)
    for layer in range(N_LAYERS):
        evidence = path.with_name(f"batch{layer}.json")
        # The last features have none.
        batch = [batch_feature(n, _examples(drawn)) for n in range(_PER_LAYER - 2)]
        evidence.write_bytes(as_bytes(dashboard_batch(*batch, layer=layer)))
        add_evidence_path(project, str(evidence))
    project.close()


def found_by_a_run(
    drawn: random.Random, features: Sequence[FeatureKey], serial: int
) -> list[AnyEdit]:
    """What a batch of a run stores: tiers, and labels or why there are none."""
    edits: list[AnyEdit] = []
    for feature in features:
        subject = feature_subject(feature)
        tier = drawn.choice(_TIERS)
        edits.append(SetResult(subject, result(tier)))
        if tier in ("input", "output"):
            text = f"{drawn.choice(_WORDS)} {serial}"
            proposed = LabelRevision(
                text=text, status="proposed", method="made", tier=tier, at=now()
            )
            edits.append(AddRevision(subject, proposed))
        elif tier == "obscure":
            why = Declined(method="made", reason=f"why {serial}")
            edits.append(SetDeclined(subject, why))
    return edits


def _graph(drawn: random.Random, slug: str) -> Json:
    embeddings = [embedding_node(10 + at, at) for at in range(1, len(_TOKENS))]
    features = [
        feature_node(layer, index, position, influence=round(drawn.random(), 3))
        for layer in range(N_LAYERS)
        for index in range(_PER_LAYER)
        for position in drawn.sample(range(1, len(_TOKENS)), drawn.randrange(1, 3))
        if drawn.random() < 0.8
    ]
    errors = [error_node(layer, 2) for layer in range(1, N_LAYERS)]
    last = len(_TOKENS) - 1
    logits = [
        logit_node(" Austin", 0.75, position=last),
        logit_node(" Dallas", 0.125, token_id=6, position=last),
    ]
    layers = [[f for f in features if f["layer"] == str(at)] for at in range(N_LAYERS)]
    links = [
        link(source["node_id"], target["node_id"], round(drawn.gauss(0, 1), 3))
        for below, above in pairwise([embeddings, *layers, logits])
        for target in above
        for source in _some(drawn, below, target["ctx_idx"])
    ]
    links += [link(error["node_id"], logits[0]["node_id"], 0.4) for error in errors]
    held = [node["node_id"] for node in features[:3]]
    return tracer_graph(
        [*embeddings, *features, *errors, *logits],
        links,
        state={"pinnedIds": held[:2], "supernodes": [["brought along", *held[1:]]]},
        slug=slug,
        scan="gpt2-small",
        prompt_tokens=list(_TOKENS),
        prompt="".join(_TOKENS),
        info=None,
        feature_details={"neuronpedia_source_set": "res-jb"},
    )


def _some(drawn: random.Random, nodes: Sequence[Json], until: int) -> list[Json]:
    """A few of the nodes at tokens that can have an effect at token `until`."""
    before = [node for node in nodes if node["ctx_idx"] <= until]
    return drawn.sample(before, min(len(before), 4))


def _examples(drawn: random.Random) -> list[tuple[list[str], list[float]]]:
    return [
        (["the", f" {drawn.choice(_WORDS)}", f" {after}"], [0.0, 9.0 - at, 0.0])
        for at, after in enumerate(drawn.sample(_WORDS, 4))
    ]
