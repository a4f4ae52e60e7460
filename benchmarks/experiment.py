"""The protocol on the demo's attribution graphs under a sweep of k, n and threshold.

Prints the tables of ``docs/experiment.md``. Windows of k: input [-k, 0], output [1, k]
(at least one token), cross [-4k, 4k] (at least [-2, 2]).
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec
import platformdirs

from glossator.evaluation.tier_report import format_layer_tests
from glossator.evaluation.tiers_by_layer import (
    expected_false,
    layer_tests,
    layer_thirds,
    stratum,
)
from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.protocol.decision import ProtocolResult, Tier
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.protocol_settings import ProtocolSettings, Window
from glossator.retiering import retiered
from glossator.run import RunProgress, run_protocol, tier_labelers
from glossator_resources import demo_folder

N_LAYERS = 30
KS = (1, 2, 4, 8)
SIZES = (5, 10, 20)
Z_THRESHOLDS = (3.0, 5.0, 8.0)
RAW_THRESHOLDS = (0.2, 0.3, 0.5)
TIERS: tuple[Tier, ...] = ("input", "output", "cross", "obscure")

Results = Mapping[FeatureKey, ProtocolResult]


def settings_of(k: int, n: int) -> ProtocolSettings:
    reach = max(4 * k, 2)
    return ProtocolSettings(
        n_examples=n,
        input_window=Window(-k, 0),
        output_window=Window(1, max(k, 1)),
        cross_window=Window(-reach, reach),
    )


def run(features: list[FeatureKey], settings: ProtocolSettings, cache: Path) -> Results:
    embedder = SentenceEmbedder()
    store = EmbeddingStore(cache / "embeddings.sqlite", embedder.name)
    found: dict[FeatureKey, ProtocolResult] = {}

    def keep(progress: object) -> None:
        if isinstance(progress, RunProgress):
            found.update((o.feature, o.result) for o in progress.outcomes)

    work = run_protocol(
        features,
        features,
        FeatureFolder(demo_folder() / "features"),
        ScoringParts(embedder, store, NullStore(cache / "nulls")),
        tier_labelers(settings),
        settings,
        CancelToken(),
    )
    drive(work, keep)
    store.close()
    return found


def shares(results: Results, layers: range) -> str:
    held = [r for f, r in results.items() if f.layer in layers]
    counts = Counter(result.tier for result in held)
    cells = (f"{100 * counts[tier] / max(len(held), 1):.0f}" for tier in TIERS)
    return " / ".join(cells)


def with_threshold(results: Results, settings: ProtocolSettings) -> Results:
    return {feature: retiered(r, settings) for feature, r in results.items()}


def row(name: str, results: Results) -> str:
    cells = [shares(results, part) for part in layer_thirds(N_LAYERS)]
    cells.append(shares(results, range(N_LAYERS)))
    senses = sum("senses" in result.shown_tier for result in results.values())
    return f"| {name} | {' | '.join(cells)} | {senses} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    cache = Path(platformdirs.user_cache_dir("glossator", appauthor=False))
    parser.add_argument("--cache", type=Path, default=cache / "benchmarks")
    options = parser.parse_args()
    graphs = [read_graph(p) for p in sorted((demo_folder() / "graphs").glob("*.json"))]
    features = sorted({feature for graph in graphs for feature in graph.features})
    print("| setting | early | middle | late | all | with senses |")
    print("|---|---|---|---|---|---|")
    for k in KS:
        for n in SIZES:
            settings = settings_of(k, n)
            results = run(features, settings, options.cache)
            for z in Z_THRESHOLDS:
                changed = msgspec.structs.replace(settings, z_threshold=z)
                name = f"k {k}, n {n}, z ≥ {z:g}"
                print(row(name, with_threshold(results, changed)), flush=True)
            for raw in RAW_THRESHOLDS if n == max(SIZES) else ():
                changed = msgspec.structs.replace(
                    settings, routing="literal", raw_threshold=raw
                )
                name = f"k {k}, n {n}, raw ≥ {raw:g}"
                print(row(name, with_threshold(results, changed)), flush=True)
    results = run(features, ProtocolSettings(), options.cache)
    print("\nThe shipped setting\n")
    print(row("k 2, n 20, z ≥ 3", results))
    print(expected_false(results.values()).sentence)
    print(format_layer_tests(layer_tests([stratum(results, N_LAYERS)])))


if __name__ == "__main__":
    main()
