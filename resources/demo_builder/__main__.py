"""Build Glossator's demo: attribution graphs of SmolLM2-135M-Instruct and evidence."""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import examples
import torch
from attribution import Settings, attribute
from corpus import Corpus, check_sha256, load_corpus
from examples import Evidence, Feature
from model import (
    BOS_ID,
    GGUF_FILE,
    GGUF_SHA256,
    Model,
    Tokenizer,
    gguf_folder,
    in_bfloat16,
    load_reference,
    open_model,
    token_texts,
    trace_prompt,
)
from notices import Figures, write_build, write_notices
from platformdirs import user_cache_path
from pruning import prune
from transformers import LlamaForCausalLM
from writer import (
    PromptGraph,
    compact,
    feature_json,
    graph_json,
    kept_features,
    write_features,
)

VERSION = "1"
SEED = 0
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


def build_graph(
    model: Model, reference: LlamaForCausalLM, tokenizer: Tokenizer, prompt: Prompt
) -> tuple[PromptGraph, dict[str, object]]:
    """Compute one graph, check it, and return it with its figures."""
    ids = [BOS_ID, *tokenizer.encode(prompt.text, add_special_tokens=False)]
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
    answer = token_texts(tokenizer, graph.logit_ids.tolist())[0]
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


def collect_evidence(
    model: Model,
    tokenizer: Tokenizer,
    features: list[Feature],
    args: argparse.Namespace,
) -> tuple[dict[Feature, Evidence], Corpus]:
    """Run the corpus and choose the examples of every feature."""

    def encode(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    corpus = load_corpus(args.cache, encode, args.tokens, SEED)
    print(f"corpus: {corpus.n_tokens()} tokens, {len(corpus.documents)} documents")
    table = examples.collect(in_bfloat16(model), corpus, features)
    words = token_texts(tokenizer, list(range(len(model.embed))))
    words = [word.strip().lower() for word in words]
    found = {f: examples.evidence(table, f, words) for f in features}
    return found, corpus


def evidence_figures(found: dict[Feature, Evidence]) -> dict[str, object]:
    """Count what the evidence lacks and state how it was measured."""
    tops = [len(evidence.top) for evidence in found.values()]
    return {
        "features": len(found),
        "with_fewer_than_3_top_examples": sum(n < 3 for n in tops),
        "with_fewer_than_20_top_examples": sum(n < examples.N_TOP for n in tops),
        "with_5_mid_range_examples": sum(
            len(evidence.mid) == examples.N_MID for evidence in found.values()
        ),
        "mid_range": list(examples.MID_RANGE),
        "context_tokens": examples.CONTEXT,
        "density_floor": examples.DENSITY_FLOOR,
        "quantile_levels": list(examples.QUANTILES),
        "precision": "bfloat16 matrices, float32 residual stream",
    }


def write_demo(
    out: Path,
    model: Model,
    tokenizer: Tokenizer,
    graphs: list[PromptGraph],
    found: dict[Feature, Evidence],
) -> None:
    """Replace the graphs and the evidence in the output folder."""
    (out / "graphs").mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("graphs/*.json"), *out.glob("features/layer_*.bin")]:
        old.unlink()
    for graph in graphs:
        laid_out = graph_json(graph, tokenizer, len(model.layers), VERSION)
        path = out / "graphs" / f"{graph.slug}.json"
        path.write_text(compact(laid_out), encoding="utf-8")
    records = {
        feature: feature_json(feature, evidence, model, tokenizer)
        for feature, evidence in found.items()
    }
    write_features(out / "features", records, 2 * model.layers[0].gate.shape[0])


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
    model = open_model(reference)
    graphs, figures = [], []
    for prompt in PROMPTS:
        graph, measured = build_graph(model, reference, tokenizer, prompt)
        print(compact(measured), flush=True)
        graphs.append(graph)
        figures.append(measured)
    features = sorted({f for graph in graphs for _, f in kept_features(graph)})
    found, corpus = collect_evidence(model, tokenizer, features, args)
    write_demo(args.out, model, tokenizer, graphs, found)
    feature_figures = evidence_figures(found)
    write_notices(args.out / "NOTICES.md", corpus)
    build = Figures(figures, feature_figures)
    write_build(args.out / "BUILD.json", VERSION, SEED, corpus, build)
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(compact(feature_figures))
    print(f"{size / 1e6:.2f} MB in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
