"""The scorers that methods are compared by, in either mode."""

from collections.abc import Mapping

from glossator.evaluation.comparison.method_comparison import Mode
from glossator.evaluation.label_scores import as_in_source
from glossator.evaluation.label_scores.embedding import EmbeddingScorer
from glossator.evaluation.label_scores.judging import JudgingScorer, Question
from glossator.evaluation.label_scores.questions import Detection, Following, Fuzz
from glossator.llm.chat_model import ChatModel
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore

JUDGING: Mapping[str, Question] = {
    question.name: question for question in (Detection(), Fuzz(), Following())
}
"""Questions to a chat model, by the scorer's name."""
EMBEDDING = "embedding"
SCORERS = (*JUDGING, EMBEDDING)
IN_SOURCE = ("detection", "fuzz", EMBEDDING)
"""Those that the source has, too."""


def scorers_of(mode: Mode, chosen: tuple[str, ...]) -> list[str]:
    """Those of the chosen scorers that there are in a mode, in the usual order."""
    there = SCORERS if mode == "repaired" else IN_SOURCE
    return [name for name in there if name in chosen]


def judging_scorer(name: str, mode: Mode, model: ChatModel) -> JudgingScorer:
    """One that asks a chat model."""
    question = JUDGING[name]
    if mode == "as in the source":
        return JudgingScorer(question, model, as_in_source.JUDGING)
    return JudgingScorer(question, model)


def embedding_scorer(
    mode: Mode, embedder: Embedder, store: EmbeddingStore
) -> EmbeddingScorer:
    if mode == "as in the source":
        return EmbeddingScorer(embedder, store, as_in_source.EMBEDDING)
    return EmbeddingScorer(embedder, store)
