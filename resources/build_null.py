"""Make ``null.json``: what the correlation score is for unrelated windows.

Used for sources with too few features to draw a null of their own. Drawn from the
activation examples of the embedded demo with the packaged embedder:
``python resources/build_null.py``.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import msgspec
import numpy as np

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.feature_folder import FeatureFolder
from glossator.evidence.token_text import distinct_examples
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import embed_texts
from glossator.protocol.null_distribution import (
    ShippedCell,
    ShippedNulls,
    ShippedWindow,
    draw_nulls,
)
from glossator.protocol.protocol_settings import (
    MIN_EXAMPLES,
    ProtocolSettings,
    Window,
    WindowName,
)
from glossator.settings import embeddings_file
from glossator_resources import demo_folder

WINDOWS = (
    *(Window(-k, 0) for k in range(5)),
    *(Window(1, k) for k in range(1, 6)),
    *(Window(-k, k) for k in (2, 4, 8, 12, 16)),
)
N_MAX = 40
DRAWS = 10_000
LEVELS = 101
SEED = 20


def main() -> None:
    graphs = [read_graph(p) for p in sorted((demo_folder() / "graphs").glob("*.json"))]
    features = sorted({feature for graph in graphs for feature in graph.features})
    folder = FeatureFolder(demo_folder() / "features")
    found = [evidence for f in features if (evidence := folder.evidence(f)) is not None]
    embedder = SentenceEmbedder()
    store = EmbeddingStore(embeddings_file(), embedder.name)
    windows = {str(window): _null(found, window, embedder, store) for window in WINDOWS}
    store.close()
    origin = f"{len(found)} MLP neurons of SmolLM2-135M-Instruct"
    shipped = ShippedNulls(embedder.model, origin, DRAWS, windows)
    target = Path(str(resources.files("glossator_resources"))) / "null.json"
    target.write_bytes(msgspec.json.encode(shipped) + b"\n")


def _null(
    found: Sequence[FeatureEvidence],
    window: Window,
    embedder: SentenceEmbedder,
    store: EmbeddingStore,
) -> ShippedWindow:
    n_examples = ProtocolSettings().n_examples
    texts = [
        [
            text
            for example in distinct_examples(evidence.examples)[:n_examples]
            if (text := example.text(window.left, window.right))
        ]
        for evidence in found
    ]
    work = embed_texts({t for held in texts for t in held}, embedder, store, TOKEN)
    embeddings = drive(work, lambda progress: None)
    features = [{NAME: embeddings.of(held)} for held in texts if held]
    null = draw_nulls(features, n_max=N_MAX, draws=DRAWS, seed=SEED)[NAME]
    cells = {
        n: ShippedCell(
            round(cell.mean, 6),
            round(cell.sd, 6),
            [round(float(q), 5) for q in np.quantile(cell.quantiles, LEVEL_AT)],
        )
        for n in range(MIN_EXAMPLES, N_MAX + 1)
        if (cell := null.of_n(n)) is not None
    }
    return ShippedWindow([round(float(x), 5) for x in null.centre], cells)


NAME: WindowName = "cross"
"""One window at a time; its name is of no importance."""
TOKEN = CancelToken()
LEVEL_AT = np.linspace(0, 1, LEVELS)


if __name__ == "__main__":
    main()
