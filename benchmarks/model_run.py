"""What it takes to collect evidence, and whether it is right: tables, then JSON.

``python -m benchmarks.model_run`` collects evidence of the demo's features from the
demo's corpus with SmolLM2. Speed is held against bare forward passes of the same
batches by transformers, in turns; peak memory is that of processes of their own which
run a tiny Llama; the strongest examples are compared with those of whole matrices of
activations by transformers. ``--only`` measures parts of it.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from platformdirs import user_cache_path
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from benchmarks.direct_examples import direct_examples, direct_neurons
from glossator.collect.chunks import Chunk, Place, buffers, take_batch
from glossator.collect.collect_run import collect_evidence, write_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import CorpusFiles, TokenDocuments
from glossator.collect.observation import Observer, padded
from glossator.collect.run_state import Progressed, RunState
from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.graph_file import read_graph
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.model.neurons import NeuronReplacement
from glossator.progress import CancelToken, drive
from glossator_resources import demo_folder

_DEMO_BUILDER = Path(__file__).parents[1] / "resources" / "demo_builder"
_SETTINGS = CollectSettings(bos="<|endoftext|>", device="cpu", batch_tokens=2048)
_FEW, _MANY = 100_000, 1_000_000
"""Tokens of the runs whose memory is compared."""
_WORDS = 5_000
PARTS = ("speed", "memory", "agreement")

Figures = dict[str, float]
Documents = tuple[tuple[int, ...], ...]


class Bench(NamedTuple):
    """SmolLM2 twice, and what is asked of it."""

    model: LanguageModel
    reference: LlamaForCausalLM
    features: tuple[FeatureKey, ...]
    documents: Documents
    """The demo's, shuffled."""
    bos: int

    def corpus(self, n_tokens: int) -> TokenDocuments:
        """Documents that together have so many tokens."""
        taken: list[tuple[int, ...]] = []
        held = 0
        for ids in self.documents:
            if held >= n_tokens:
                break
            taken.append(ids)
            held += len(ids)
        return TokenDocuments("demo", tuple(taken))

    def given(self, n_tokens: int, folder: Path) -> CollectInput:
        return CollectInput(
            model=self.model.name,
            replacement="signed neurons",
            corpus=self.corpus(n_tokens),
            features=self.features,
            folder=folder,
            settings=_SETTINGS,
        )

    def observer(self) -> Observer:
        neurons = NeuronReplacement(self.model, "signed neurons")
        return Observer(self.model, neurons, self.features, self.bos)


def open_bench(cache: Path) -> Bench:
    sys.path.append(str(_DEMO_BUILDER))
    from corpus import load_corpus
    from model import GGUF_FILE, gguf_folder, load_reference

    folder = gguf_folder()
    model = open_language_model(str(folder), device="cpu", gguf_file=GGUF_FILE)
    reference, _ = load_reference(folder)
    documents = load_corpus(cache, model.encode, 560_000, seed=0).documents
    ids = [document.ids for document in documents]
    random.Random(1).shuffle(ids)
    graphs = [read_graph(p) for p in sorted((demo_folder() / "graphs").glob("*.json"))]
    features = tuple(sorted({f for graph in graphs for f in graph.features}))
    bos = model.token_id(_SETTINGS.bos)
    return Bench(model, reference, features, tuple(ids), bos)


class Round(NamedTuple):
    """Tokens in a second, padding left out."""

    collecting: float
    forward: float
    without_head: float


def speed(bench: Bench, n_tokens: int, rounds: int) -> Figures:
    """Batch by batch in turns, so that what else runs here slows all of them alike."""
    observer = bench.observer()
    print(f"{'':8}{'collecting':>12}{'forward':>12}{'no head':>12}  tokens/s")
    found = []
    for at in range(rounds):
        one = _round(bench, observer, n_tokens)
        found.append(one)
        print(f"round {at + 1:2}{one[0]:12.0f}{one[1]:12.0f}{one[2]:12.0f}", flush=True)
    ratio = statistics.median(one.collecting / one.forward for one in found)
    no_head = statistics.median(one.collecting / one.without_head for one in found)
    print(f"collecting by forward: {ratio:.3f}, by forward without head: {no_head:.3f}")
    return {
        "tokens_per_s": statistics.median(one.collecting for one in found),
        "tokens_per_s_vs_forward": ratio,
        "tokens_per_s_vs_forward_without_head": no_head,
    }


def _round(bench: Bench, observer: Observer, n_tokens: int) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        given = bench.given(n_tokens, Path(folder))
        progressed = Progressed(digest="", batch_tokens=_SETTINGS.batch_tokens)
        state = RunState(observer, _SETTINGS, progressed)
        taken = [0.0, 0.0, 0.0]
        longest = _SETTINGS.context_length - 1
        for buffer in buffers(given.corpus, bench.model, longest, 0, Place()):
            at = 0
            while at < len(buffer.chunks):
                batch = take_batch(buffer.chunks, at, _SETTINGS.batch_tokens)
                at += len(batch)
                ids = _ids(bench, batch)
                started = time.perf_counter()
                state.add(observer.observe(batch))
                collected = time.perf_counter()
                with torch.no_grad():
                    bench.reference(ids).logits  # noqa: B018
                    forward = time.perf_counter()
                    bench.reference.model(ids)
                ended = time.perf_counter()
                for way, seconds in enumerate(
                    (collected - started, forward - collected, ended - forward)
                ):
                    taken[way] += seconds
        started = time.perf_counter()
        write_evidence(given, observer, state)
        taken[0] += time.perf_counter() - started
        n = state.progressed.n_tokens
        return Round(*(n / seconds for seconds in taken))


def _ids(bench: Bench, batch: Sequence[Chunk]) -> torch.Tensor:
    ids = torch.from_numpy(padded(batch)).long()
    return torch.cat([torch.full((len(ids), 1), bench.bos), ids], dim=1)


def agreement(bench: Bench, n_tokens: int) -> Figures:
    """How many of the strongest examples are those of a direct computation."""
    observer = bench.observer()
    with tempfile.TemporaryDirectory() as place:
        given = bench.given(n_tokens, Path(place) / "evidence")
        progressed = Progressed(digest="", batch_tokens=_SETTINGS.batch_tokens)
        state = RunState(observer, _SETTINGS, progressed)
        longest = _SETTINGS.context_length - 1
        for buffer in buffers(given.corpus, bench.model, longest, 0, Place()):
            at = 0
            while at < len(buffer.chunks):
                batch = take_batch(buffer.chunks, at, _SETTINGS.batch_tokens)
                state.add(observer.observe(batch))
                at += len(batch)
        write_evidence(given, observer, state)
        return _compared(bench, given)


def _compared(bench: Bench, given: CollectInput) -> Figures:
    texts = [ids for ids in given.corpus.documents() if not isinstance(ids, str)]
    neurons = sorted({(f.layer, f.index // 2) for f in bench.features})
    column = {neuron: at for at, neuron in enumerate(neurons)}
    values = direct_neurons(bench.reference, texts, bench.bos, neurons)
    words = [text.strip().lower() for text in bench.model.vocabulary]
    source = FeatureFolder(given.folder)
    wanted = same = exact = 0
    for feature in bench.features:
        at, sign = (
            column[feature.layer, feature.index // 2],
            1 - 2 * (feature.index % 2),
        )
        own = [sign * one[:, at] for one in values]
        expected = direct_examples(
            texts, own, words, n=_SETTINGS.n_top, context=_SETTINGS.context
        )
        evidence = source.evidence(feature)
        assert evidence is not None
        found = {
            (example.tokens, example.top): example.activation
            for example in evidence.examples
            if example.group.startswith("Top")
        }
        for example in expected:
            key = tuple(bench.model.token_texts(example.ids)), example.top
            if key in found:
                same += 1
                exact += abs(found[key] / example.activation - 1) <= 0.01
        wanted += max(len(expected), len(found))
    print(
        f"{wanted} examples of {len(bench.features)} features, {same} the same, "
        f"{exact} of them with activations within 1 %"
    )
    return {"top20_agreement": exact / wanted}


def memory() -> Figures:
    """Peak memory of a run over many tokens by that over a tenth of them."""
    with tempfile.TemporaryDirectory() as place:
        folder = save_tiny_llama(Path(place) / "model")
        peaks = {}
        for n_tokens in (_FEW, _MANY):
            path = Path(place) / f"{n_tokens}.txt"
            _write_texts(path, n_tokens)
            command = [sys.executable, "-m", "benchmarks.model_run"]
            command += ["--child", str(folder), str(path)]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks[n_tokens] = json.loads(said.stdout)
            print(
                f"{n_tokens:>12,} tokens {peaks[n_tokens] / 1024:8.1f} MiB", flush=True
            )
    ratio = peaks[_MANY] / peaks[_FEW]
    print(f"ratio {ratio:.3f}")
    return {"peak_memory_1m_vs_100k": ratio}


def save_tiny_llama(folder: Path) -> Path:
    """A random model of SmolLM2's kind, with a token a word."""
    vocabulary = {
        word: at for at, word in enumerate(["<bos>", *map(_word, range(_WORDS))])
    }
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<bos>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # theirs
        tokenizer_object=backend, bos_token="<bos>", eos_token="<bos>"
    )
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.3,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def _word(number: int) -> str:
    return f"w{number}"


def _write_texts(path: Path, n_tokens: int) -> None:
    draw = random.Random(0)
    with path.open("w") as file:
        left = n_tokens
        while left > 0:
            n = min(left, draw.randint(20, 400))
            left -= n
            words = " ".join(_word(draw.randrange(_WORDS)) for _ in range(n))
            file.write(f"{words}\n\n")


def run_child(folder: str, texts: str) -> int:
    """Peak resident memory in kB of a collection."""
    features = tuple(FeatureKey("tiny", "neurons", at % 3, at) for at in range(300))
    with tempfile.TemporaryDirectory() as out:
        given = CollectInput(
            model=folder,
            replacement="signed neurons",
            corpus=CorpusFiles((Path(texts),)),
            features=features,
            folder=Path(out) / "evidence",
            settings=CollectSettings(device="cpu"),
        )
        drive(collect_evidence(given, CancelToken()), lambda progress: None)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("glossator") / "demo-builder"
    )
    parser.add_argument("--tokens", type=int, default=20_000, help="of a round")
    parser.add_argument("--agreement-tokens", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(run_child(*options.child))
        return
    figures: Figures = {}
    if "memory" in options.only:
        print("== peak memory")
        figures |= memory()
    if set(options.only) & {"speed", "agreement"}:
        bench = open_bench(options.cache)
        if "speed" in options.only:
            print("== speed")
            figures |= speed(bench, options.tokens, options.rounds)
        if "agreement" in options.only:
            print("== agreement with a direct computation")
            figures |= agreement(bench, options.agreement_tokens)
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
