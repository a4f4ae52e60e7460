"""What the protocol finds, at which error rates, and how fast: tables, then JSON.

``python -m benchmarks.protocol`` measures everything; ``--only planted null …`` parts
of it. Texts are fetched once and embeddings kept (``--cache``); speed is measured with
stores of its own. ``--seed`` plants other features.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import platformdirs

from benchmarks.corpus_text import Corpus, read_corpus
from benchmarks.memory import FEW, MANY, peak_memory
from benchmarks.null_rates import false_positive_rates, format_rates
from benchmarks.planted_tiers import format_cells, planted_cells
from benchmarks.throughput import format_throughput, throughput
from benchmarks.tuning_gap import tuning_gap
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    cache = Path(platformdirs.user_cache_dir("glossator", appauthor=False))
    parser.add_argument("--cache", type=Path, default=cache / "benchmarks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    figures: Figures = {}
    for name in options.only:
        print(f"\n== {name}", flush=True)
        figures.update(PARTS[name](options))
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _planted(options: argparse.Namespace) -> Figures:
    corpus, parts = _prepared(options)
    cells = planted_cells(corpus.half("second"), parts, seed=options.seed, words="test")
    print(format_cells(cells))
    cell = next(cell for cell in cells if (cell.n, cell.noise) == (20, 0.25))
    return {
        "macro_f1_calibrated": cell.macro_f1,
        "macro_f1_best_single_tau": cell.best_single,
        "macro_f1_best_three_tau": cell.best_three,
    }


def _null(options: argparse.Namespace) -> Figures:
    corpus, parts = _prepared(options)
    rates = false_positive_rates(corpus, parts, seed=options.seed)
    print(format_rates(rates))
    of_20 = [rate.rates for rate in rates if rate.n == 20 and rate.window]
    worst = [
        max((rate[at] for rate in of_20), key=lambda found: abs(found - nominal))
        for at, nominal in enumerate((0.05, 0.01))
    ]
    return {"null_fpr_at_5pct": worst[0], "null_fpr_at_1pct": worst[1]}


def _tuning(options: argparse.Namespace) -> Figures:
    corpus, parts = _prepared(options)
    gap = tuning_gap(corpus, parts, seed=options.seed)
    print(
        f"tuned on judgements of which a fifth are wrong: macro-F1 {gap.proposed:.3f}\n"
        f"on other features; best settings there {gap.best:.3f}, "
        f"default {gap.default:.3f}"
    )
    return {"tune_gap_to_best": gap.best - gap.proposed}


def _throughput(options: argparse.Namespace) -> Figures:
    found = throughput(rounds=options.rounds)
    print(format_throughput(found))
    return {
        "speedup_exact": found.speedup_exact,
        "speedup_bf16": found.speedup_bf16,
        "ratio_to_embedder": found.ratio_to_embedder,
        "warm_vs_direct": found.warm_vs_direct,
    }


def _memory(options: argparse.Namespace) -> Figures:
    found = peak_memory()
    for count, peak in found.items():
        print(f"{count:6,} features: {peak / 1024:.0f} MB")
    return {"peak_memory_10k_vs_1k": found[MANY] / found[FEW]}


def _prepared(options: argparse.Namespace) -> tuple[Corpus, ScoringParts]:
    cache: Path = options.cache
    embedder = SentenceEmbedder(precision="exact")
    store = EmbeddingStore(cache / "embeddings.sqlite", embedder.name)
    return read_corpus(cache), ScoringParts(embedder, store, NullStore(cache / "nulls"))


Measure = Callable[[argparse.Namespace], Figures]
PARTS: dict[str, Measure] = {
    "planted": _planted,
    "null": _null,
    "tuning": _tuning,
    "throughput": _throughput,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
