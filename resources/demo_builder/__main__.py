"""Build Glossator's demo: attribution graphs of SmolLM2-135M-Instruct and evidence."""

import argparse
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch
from attribution import Settings, attribute
from corpus import MAX_TOKENS, Corpus, Encode, check_sha256, load_corpus
from model import (
    BOS,
    BOS_ID,
    GGUF_FILE,
    GGUF_SHA256,
    Model,
    gguf_folder,
    load_reference,
    open_model,
    trace_prompt,
)
from notices import Figures, write_build, write_notices
from platformdirs import user_cache_path
from pruning import prune
from transformers import LlamaForCausalLM
from writer import (
    SCAN,
    SOURCE,
    Feature,
    PromptGraph,
    compact,
    graph_json,
    kept_features,
)

from glossator.collect.collect_report import COLLECTION_NAME, CollectReport
from glossator.collect.collect_run import collect_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import TokenDocuments
from glossator.collect.feature_record import INACTIVE, NEURON_FLOOR, TOP
from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.vocabulary import stored_texts
from glossator.progress import CancelToken
from glossator.progress_bar import drive_with_bar

VERSION = "1"
SEED = 0
EVIDENCE = CollectSettings(
    n_quantile=1,
    n_inactive=2,
    context_length=MAX_TOKENS + 1,
    bos=BOS,
    seed=SEED,
    device="cpu",
    dtype="float32",
)
NODE_SHARE = 0.65
EDGE_SHARE = 0.9
LARGEST_GAP = 1e-3
"""What sums of effects, or our logits against the reference, may differ by."""


@dataclass(frozen=True)
class Prompt:
    """A prompt and the token the model is known to continue it with."""

    slug: str
    text: str
    answer: str


PROMPTS = (
    Prompt("capital-of-france", "The capital of France is", " Paris"),
    Prompt("tokyo-is-in", "Paris is in France. Tokyo is in", " Japan"),
    Prompt(
        "breathing-muscle",
        "The muscle that helps us breathe is called the",
        " diaphragm",
    ),
)


def build_graphs(
    reference: LlamaForCausalLM, encode: Encode, vocabulary: Sequence[str]
) -> tuple[list[PromptGraph], list[dict[str, object]]]:
    """Compute the graphs of all prompts, and what was measured of each."""
    model = open_model(reference)
    graphs, figures = [], []
    for prompt in PROMPTS:
        ids = [BOS_ID, *encode(prompt.text)]
        graph, measured = build_graph(model, reference, ids, vocabulary, prompt)
        print(compact(measured), flush=True)
        graphs.append(graph)
        figures.append(measured)
    return graphs, figures


def build_graph(
    model: Model,
    reference: LlamaForCausalLM,
    ids: list[int],
    vocabulary: Sequence[str],
    prompt: Prompt,
) -> tuple[PromptGraph, dict[str, object]]:
    """Compute one graph, check it, and return it with its figures."""
    trace = trace_prompt(model, ids)
    with torch.no_grad():
        expected = reference(torch.tensor([ids])).logits[0, -1]
    logit_gap = float((trace.logits - expected).abs().max())
    settings = Settings()
    graph = attribute(model, trace, settings)
    pruned = prune(graph, NODE_SHARE, EDGE_SHARE)
    gaps = {
        "logits_vs_transformers": logit_gap,
        "row_sums": graph.row_gap,
        "total_effects": graph.total_gap,
    }
    answer = vocabulary[int(graph.logit_ids[0])]
    if max(gaps.values()) > LARGEST_GAP or answer != prompt.answer:
        raise SystemExit(f"{prompt.slug}: answer {answer!r}, gaps {gaps}")
    n_features, n_errors = len(graph.candidates), len(graph.errors)
    kept = pruned.nodes
    figures: dict[str, object] = {
        "slug": prompt.slug,
        "prompt": prompt.text,
        "answer": answer,
        "probability": round(float(graph.logit_probs[0]), 4),
        "replacement_score": round(pruned.replacement, 4),
        "completeness_score": round(pruned.completeness, 4),
        "feature_nodes": int(kept[:n_features].sum()),
        "error_nodes": int(kept[n_features : n_features + n_errors].sum()),
        "nodes": int(kept.sum()),
        "links": int(pruned.links.sum()),
        "largest_gaps": {name: float(f"{gap:.1e}") for name, gap in gaps.items()},
    }
    found = PromptGraph(
        prompt.slug, prompt.text, graph, pruned, settings, NODE_SHARE, EDGE_SHARE
    )
    return found, figures


def collect(features: Sequence[Feature], corpus: Corpus, cache: Path) -> CollectReport:
    """Run the corpus; a run that was stopped goes on where it was."""
    given = CollectInput(
        model=str(gguf_folder()),
        gguf_file=GGUF_FILE,
        replacement="signed neurons",
        corpus=TokenDocuments(
            "WordNet, World Factbook, State of the Union",
            tuple(document.ids for document in corpus.documents),
        ),
        features=tuple(key_of(feature) for feature in features),
        folder=cache,
        settings=EVIDENCE,
    )
    given = replace(given, folder=cache / f"evidence-{given.digest()[:12]}")
    return drive_with_bar(collect_evidence(given, CancelToken()))


def key_of(feature: Feature) -> FeatureKey:
    """Name a feature as readers of the graphs do."""
    return FeatureKey(SCAN, SOURCE, feature.layer, feature.index)


def evidence_figures(
    report: CollectReport, features: Sequence[Feature]
) -> dict[str, object]:
    """Count what the evidence lacks and state how it was measured."""
    source = FeatureFolder(report.folder)
    counts = [
        Counter(example.group for example in known.examples)
        for feature in features
        if (known := source.evidence(key_of(feature))) is not None
    ]
    tops = [count[TOP] for count in counts]
    return {
        "features": len(counts),
        "with_fewer_than_3_top_examples": sum(n < 3 for n in tops),
        "with_fewer_than_20_top_examples": sum(n < EVIDENCE.n_top for n in tops),
        "examples": sum(sum(count.values()) for count in counts),
        "not_active_examples": sum(count[INACTIVE] for count in counts),
        "density_floor": NEURON_FLOOR,
        "precision": report.collection.dtype,
        "settings": msgspec.to_builtins(EVIDENCE),
    }


def write_demo(
    out: Path, graphs: Sequence[PromptGraph], vocabulary: Sequence[str], evidence: Path
) -> None:
    """Replace the graphs and the evidence in the output folder."""
    for name in ("graphs", "features"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("graphs/*.json"), *out.glob("features/layer_*.bin")]:
        old.unlink()
    for graph in graphs:
        laid_out = graph_json(graph, vocabulary, VERSION)
        path = out / "graphs" / f"{graph.slug}.json"
        path.write_text(compact(laid_out), encoding="utf-8")
    for path in evidence.iterdir():
        if path.name != COLLECTION_NAME:  # BUILD.json tells it without paths
            shutil.copyfile(path, out / "features" / path.name)


def main() -> None:
    """Run the builder."""
    parser = argparse.ArgumentParser(prog="demo_builder", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the demo")
    parser.add_argument(
        "--cache",
        type=Path,
        default=user_cache_path("glossator") / "demo-builder",
        help="folder for fetched archives (default: %(default)s)",
    )
    parser.add_argument(
        "--tokens", type=int, default=560_000, help="size of the corpus"
    )
    args = parser.parse_args()
    started = time.monotonic()
    print(f"seed {SEED}")
    check_sha256(gguf_folder() / GGUF_FILE, GGUF_SHA256)
    reference, tokenizer = load_reference(gguf_folder())
    vocabulary = stored_texts(tokenizer)

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    graphs, figures = build_graphs(reference, encode, vocabulary)
    del reference  # collecting opens its own
    features = sorted({f for graph in graphs for _, f in kept_features(graph)})
    corpus = load_corpus(args.cache, encode, args.tokens, SEED)
    print(f"corpus: {corpus.n_tokens()} tokens, {len(corpus.documents)} documents")
    report = collect(features, corpus, args.cache)
    write_demo(args.out, graphs, vocabulary, report.folder)
    feature_figures = evidence_figures(report, features)
    write_notices(args.out / "NOTICES.md", corpus)
    build = Figures(figures, feature_figures)
    write_build(args.out / "BUILD.json", VERSION, SEED, corpus, build)
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(compact(feature_figures))
    print(f"{size / 1e6:.2f} MB in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
