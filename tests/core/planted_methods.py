"""Features that fire on a word each, and a server by which one method finds it.

Asked for a label, the server gives the method ``np_max-act`` the word itself, and
``oai_token-act-pair`` the word of another feature. Asked to judge, it looks whether the
label's word is in a text, and errs on a share of the texts that is known.
"""

import random
import re
import zlib
from pathlib import Path

from glossator.project.edits import SetResult
from glossator.project.open_files import add_evidence_path, add_graphs
from glossator.project.revision import feature_subject
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
)
from tests.core.graph_documents import (
    as_bytes,
    batch_feature,
    dashboard_batch,
    feature_node,
    graph_of,
    tracer_graph,
)
from tests.core.llm_server import ChatServer, answers

GOOD, POOR = "np_max-act", "oai_token-act-pair"
N_FEATURES = 30
N_EXAMPLES = 24
ERRS = 0.15
"""Share of the texts that the server judges wrongly."""
GAIN = 0.5 - ERRS
"""In balanced accuracy: a label says the word, or nothing of the texts."""
_WORDS = (
    "anchor basket candle daisy engine feather garden harbour island jacket kettle "
    "lantern meadow needle orchard pepper quarry ribbon saddle temple umbrella violin "
    "window yarrow zipper bridge cloud ladder mirror rocket"
)
WORDS = _WORDS.split()
_FILLERS = [a + b for a in ("ta", "ko", "mi", "re", "du") for b in ("lo", "ven", "sar")]
_WIDTH, _TOP = 17, 8


def word_of(index: int) -> str:
    return WORDS[index]


def made_project(folder: Path) -> Path:
    """Features of four tiers in turn, decided on; each example has its own word."""
    evidence = folder / "batch.json"
    batch = (batch_feature(index, _examples(index)) for index in range(N_FEATURES))
    evidence.write_bytes(as_bytes(dashboard_batch(*batch)))
    nodes = [feature_node(0, index, 1) for index in range(N_FEATURES)]
    info = {"neuronpedia_source_set": "res-jb"}
    made = tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)
    project = add_graphs(
        folder / "made.gloss", [graph_of(made)], [folder / "made.json"]
    )
    add_evidence_path(project, str(evidence))
    project.apply(
        "run protocol",
        [
            SetResult(feature_subject(feature), _result(feature.index))
            for feature in project.state.features()
        ],
    )
    project.close()
    return project.path


def _examples(index: int) -> list[tuple[list[str], list[float]]]:
    rng = random.Random(index)
    found = []
    for at in range(N_EXAMPLES):
        tokens = [f" {rng.choice(_FILLERS)}" for _ in range(_WIDTH)]
        tokens[_TOP] = f" {word_of(index)}"
        tokens[_TOP + 2] = f" id{index}x{at}"
        activations = [0.0] * _WIDTH
        activations[_TOP] = 10.0 - at / 10
        found.append((tokens, activations))
    return found


def _result(index: int) -> ProtocolResult:
    tiers: tuple[Tier, ...] = ("input", "output", "cross", "obscure")
    decision = TierDecision(
        tier=tiers[index % 4], routing="calibrated", threshold=3.0, reason="made."
    )
    return ProtocolResult(
        scores=FeatureScores(n_examples=N_EXAMPLES, n_distinct=N_EXAMPLES),
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="made",
    )


def plant(server: ChatServer) -> None:
    """Make the server answer by these rules."""
    server.default = answers(answer)


def answer(question: str) -> str:
    if "<TOP_TOKENS>" in question:
        return f"Method 1 succeeds.\nExplanation: {_words_in(question)[0]}"
    if "what it looks for is" in question:
        own = WORDS.index(_words_in(question)[0])
        return f"{word_of((own + 1) % N_FEATURES)}."
    return judged(question)


def judged(question: str) -> str:
    """A list, one entry a text."""
    label = re.findall(r"^Label: (.*)$", question, re.MULTILINE)[-1]
    texts = re.findall(r"^Text \d+: (.*)$", question, re.MULTILINE)
    named = [word for word in WORDS if word in label]
    return str([int(_right(label, text) == _holds(text, named)) for text in texts])


def ids_in(question: str) -> set[str]:
    """The words that the examples have of their own."""
    return set(re.findall(r"id\d+x\d+", question))


def _words_in(question: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", question) if word in WORDS]


def _holds(text: str, words: list[str]) -> bool:
    return any(word in text for word in words)


def _right(label: str, text: str) -> bool:
    """The same of each label and text, whenever it is asked."""
    return zlib.crc32(f"{label}|{text}".encode()) % 100 >= 100 * ERRS
