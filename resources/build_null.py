"""Make ``null.json``: what the correlation score is for unrelated windows.

Used for sources with too few features to draw a null of their own. Drawn from the
activation examples of the embedded demo with the packaged embedder:
``python resources/build_null.py``.
"""

from importlib import resources
from pathlib import Path

import msgspec
import numpy as np

from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.null_distribution import ShippedCell, ShippedNull, draw_null
from glossator.protocol.protocol_settings import ProtocolSettings, Window
from glossator.protocol.scoring import embed_texts
from glossator.protocol.windows import distinct_examples
from glossator.settings import embeddings_file
from glossator_resources import demo_folder

WINDOWS = (
    *(Window(-k, 0) for k in range(5)),
    *(Window(1, k) for k in range(1, 6)),
    *(Window(-k, k) for k in (2, 4, 8, 12, 16)),
)
N_MAX = 40
N_FEATURES = 200
DRAWS = 4000
LEVELS = 41
SEED = 20


def main() -> None:
    graphs = [read_graph(p) for p in sorted((demo_folder() / "graphs").glob("*.json"))]
    features = sorted({feature for graph in graphs for feature in graph.features})
    rng = np.random.default_rng(SEED)
    chosen = [features[i] for i in rng.permutation(len(features))[:N_FEATURES]]
    folder = FeatureFolder(demo_folder() / "features")
    n_examples = ProtocolSettings().n_examples
    examples = []
    for feature in chosen:
        evidence = folder.evidence(feature)
        if evidence is not None:
            examples.append(distinct_examples(evidence.examples)[:n_examples])
    embedder = SentenceEmbedder()
    store = EmbeddingStore(embeddings_file(), embedder.name)
    cells: dict[str, dict[int, ShippedCell]] = {}
    for window in WINDOWS:
        texts = [
            [text for example in held if (text := example.window_text(window))]
            for held in examples
        ]
        embeddings = drive(
            embed_texts(
                (text for held in texts for text in held),
                embedder,
                store,
                CancelToken(),
            ),
            lambda progress: None,
        )
        null = draw_null(
            [embeddings.of(held) for held in texts if held],
            n_max=N_MAX,
            draws=DRAWS,
            seed=SEED,
        )
        levels = np.linspace(0, 1, LEVELS)
        cells[str(window)] = {
            n: ShippedCell(
                round(cell.mean, 5),
                round(cell.sd, 6),
                [round(float(q), 5) for q in np.quantile(cell.quantiles, levels)],
            )
            for n, cell in null.by_n.items()
        }
    store.close()
    shipped = ShippedNull(
        embedder.name,
        f"{len(examples)} MLP neurons of SmolLM2-135M-Instruct",
        DRAWS,
        cells,
    )
    target = Path(str(resources.files("glossator_resources"))) / "null.json"
    target.write_bytes(msgspec.json.encode(shipped) + b"\n")


if __name__ == "__main__":
    main()
