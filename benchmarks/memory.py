"""Peak memory of a run over many features, against one over a tenth of them.

Each run has a process of its own. Its evidence is made up as it is asked for, and its
embedder is a hash: what grows with the number of features would be the program's own.
"""

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import EmbeddedBatch
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import run_protocol, tier_labelers

FEW, MANY = 1_000, 10_000
_WIDTH, _TOP, _BATCH = 41, 20, 128


class HashEmbedder:
    """A direction a text: nothing is loaded, nothing is learnt."""

    name = model = "hash"
    device = "cpu"

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        for start in range(0, len(texts), _BATCH):
            part = texts[start : start + _BATCH]
            at = np.arange(start, start + len(part))
            yield EmbeddedBatch(at, np.stack([_direction(text) for text in part]))


def _direction(text: str) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    vector = np.random.default_rng(seed).standard_normal(384, dtype=np.float32)
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


class MadeEvidence:
    """Twenty random examples a feature."""

    name = "made up"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence:
        rng = np.random.default_rng(feature.index)
        examples = []
        for rank in range(20):
            tokens = tuple(f" w{i}" for i in rng.integers(0, 20_000, _WIDTH))
            activations = np.zeros(_WIDTH, np.float32)
            activations[_TOP] = 20 - rank
            examples.append(ActivationExample(tokens, activations))
        return FeatureEvidence(feature, tuple(examples), self.name)


def run(n_features: int) -> int:
    """Peak resident memory in kB after a run over so many features."""
    features = [FeatureKey("made", "up", at % 30, at) for at in range(n_features)]
    with tempfile.TemporaryDirectory() as folder:
        embedder, settings = HashEmbedder(), ProtocolSettings()
        store = EmbeddingStore(Path(folder) / "embeddings.sqlite", embedder.name)
        parts = ScoringParts(embedder, store, NullStore(Path(folder)))
        work = run_protocol(
            features,
            features,
            MadeEvidence(),
            parts,
            tier_labelers(settings),
            settings,
            CancelToken(),
        )
        report = drive(work, lambda progress: None)
        store.close()
    assert sum(report.tiers.values()) == n_features
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def peak_memory() -> dict[int, int]:
    """Peak resident memory in kB of runs over few and over many features."""
    found = {}
    for n_features in (FEW, MANY):
        command = [sys.executable, "-m", "benchmarks.memory", str(n_features)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        found[n_features] = int(json.loads(said.stdout))
    return found


if __name__ == "__main__":
    print(run(int(sys.argv[1])))
