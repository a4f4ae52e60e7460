"""Labelling methods held against one another: labelled, scored, held side by side.

What it will ask is known before (`comparing.plan`). As with a run, the generator only
computes, from frozen input; whoever drives it logs the calls and keeps the comparison.
What a model answered is stored at once: a comparison that is started again with the
same settings asks for the rest.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from glossator.comparing.draw import Draw, DrawnFeature, draw_features
from glossator.comparing.given import CompareInput, OpenedModels
from glossator.comparing.steps import labeler_of, labelled, to_score, with_baselines
from glossator.errors import ModelError
from glossator.evaluation.comparison.apart import label_distances
from glossator.evaluation.comparison.method_comparison import (
    AskedFor,
    ComparedFeature,
    ComparisonTable,
    Distance,
    GivenLabel,
    MethodComparison,
    MethodNotScored,
    MethodScore,
    MethodTitle,
    Mode,
    NotGiven,
    Said,
)
from glossator.evaluation.comparison.scorers import (
    JUDGING,
    embedding_scorer,
    judging_scorer,
    scorers_of,
)
from glossator.evaluation.label_scores.label_score import (
    LabelScore,
    Scorer,
    Scoring,
    Spent,
)
from glossator.evidence.example_text import ExampleText, example_text
from glossator.evidence.feature_evidence import ActivationExample
from glossator.labelers.label import Label, NoLabel
from glossator.labelers.methods import Method
from glossator.llm.call import Call
from glossator.llm.recorded_model import RecordedModel
from glossator.progress import CancelToken, Progress
from glossator.project.revision import storable
from glossator.protocol.comparators import promoted_tokens
from glossator.protocol.embedder import Embedder, SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import embed_texts
from glossator.settings import embeddings_file

ResultT = TypeVar("ResultT")

_SHOWN = 5
"""Examples kept beside the labels of a feature."""
_PROMOTED = 10


@dataclass(frozen=True)
class CompareProgress(Progress):
    """A step, with what was asked for it."""

    calls: tuple[Call, ...] = ()


def compare_locally(
    given: CompareInput, cancel: CancelToken, opened: OpenedModels | None = None
) -> Generator[Progress, None, MethodComparison]:
    """Compare methods; evidence and embedder are opened in here.

    Parameters
    ----------
    opened : models that are open already; they are opened in here otherwise.

    Raises
    ------
    Cancelled
        on request; what was answered until then is stored.
    InputError, WebError
        if evidence, a model or the stored answers cannot be opened, or there are too
        few features.
    ModelError
        if a model answers nothing at all, or the budget is used up before the end.
    """
    yield Progress(0, 0, "opening evidence")
    evidence = given.open_evidence()
    draw = yield from draw_features(given, evidence, cancel)
    yield Progress(0, 0, "loading the embedder")
    protocol = given.protocol
    embedder = SentenceEmbedder(protocol.embedder, precision=protocol.precision)
    yield Progress(0, 0, "opening the language model")
    opened = opened or given.open_models()
    with closing(EmbeddingStore(embeddings_file(), embedder.name)) as embeddings:
        comparing = _Comparing(given, opened, embedder, embeddings)
        tables = []
        for mode, features in draw.features.items():
            table = yield from comparing.table(mode, features, cancel)
            tables.append(table)
    return MethodComparison(
        settings=given.settings,
        methods=tuple(MethodTitle(name=m.name, title=m.title) for m in given.methods),
        tables=tuple(tables),
        label_model=opened.labels.name if opened.labels else "",
        scoring_model=opened.scoring.name if opened.scoring else "",
        embedder=embedder.name,
        n_candidates=len(given.tasks),
        problems=evidence.problems + _left_out(draw),
    )


def _left_out(draw: Draw) -> tuple[str, ...]:
    return tuple(
        f"{n} feature{'s' if n > 1 else ''} left out: {reason}"
        for reason, n in draw.left_out.items()
    )


@dataclass
class _Table:
    """One mode's table as it fills."""

    features: Sequence[DrawnFeature]
    said: dict[str, list[Said]] = field(default_factory=dict)
    """By method, one a feature."""
    scores: list[list[MethodScore]] = field(default_factory=list)
    """By feature, as are those that follow."""
    not_scored: list[list[MethodNotScored]] = field(default_factory=list)
    asked: list[AskedFor] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A list a feature."""
        self.scores = [[] for _ in self.features]
        self.not_scored = [[] for _ in self.features]

    def texts(self, method: str) -> list[str | None]:
        return [
            one.text if isinstance(one, GivenLabel) else None
            for one in self.said[method]
        ]

    def add_scores(self, method: str, scorer: str, scorings: Sequence[Scoring]) -> None:
        """Scores of the features that have a label, in their order."""
        places = [at for at, text in enumerate(self.texts(method)) if text is not None]
        for at, found in zip(places, scorings, strict=True):
            if isinstance(found, LabelScore):
                self.scores[at].append(MethodScore(method=method, score=_kept(found)))
            else:
                self.not_scored[at].append(
                    MethodNotScored(method=method, scorer=scorer, reason=found.reason)
                )


@dataclass(frozen=True)
class _Comparing:
    given: CompareInput
    opened: OpenedModels
    embedder: Embedder
    embeddings: EmbeddingStore

    def table(
        self, mode: Mode, features: Sequence[DrawnFeature], cancel: CancelToken
    ) -> Generator[Progress, None, ComparisonTable]:
        """Label and score all features in one mode."""
        table = _Table(features)
        for method in self.given.methods:
            yield from self._label(table, method, cancel)
        for name in scorers_of(mode, self.given.settings.scorers):
            for method in self.given.methods:
                yield from self._score(table, mode, name, method.name, cancel)
        distances = yield from self._distances(table, cancel)
        return ComparisonTable(
            mode=mode,
            features=tuple(
                _compared(table, at, distances[at]) for at in range(len(features))
            ),
            asked=tuple(table.asked),
        )

    def _label(
        self, table: _Table, method: Method, cancel: CancelToken
    ) -> Generator[Progress, None, None]:
        chat = self.opened.labels
        labeler = labeler_of(method, self.given.protocol, chat)
        labelling = labelled(method, labeler, table.features, cancel)
        calls: dict[str, Call] = {}
        found = yield from self._logged(labelling, f"labels by {method.name}", calls)
        table.said[method.name] = [_said(method.name, one) for one in found]
        table.asked.append(asked_for(method.name, "", calls.values(), chat))

    def _score(
        self, table: _Table, mode: Mode, name: str, method: str, cancel: CancelToken
    ) -> Generator[Progress, None, None]:
        chat = self.opened.scoring
        labels = to_score(table.features, table.texts(method))
        scoring = self._scorer(name, mode).scores(labels, cancel)
        calls: dict[str, Call] = {}
        found = yield from self._logged(scoring, f"{name} of {method}", calls)
        table.add_scores(method, name, found)
        table.asked.append(asked_for(method, name, calls.values(), chat))

    def _scorer(self, name: str, mode: Mode) -> Scorer:
        settings, chat = self.given.settings, self.opened.scoring
        if name in JUDGING and chat is not None:
            scorer: Scorer = judging_scorer(name, mode, chat)
        else:
            scorer = embedding_scorer(mode, self.embedder, self.embeddings)
        return with_baselines(
            scorer, mode, wanted=settings.baselines, seed=settings.seed
        )

    def _distances(
        self, table: _Table, cancel: CancelToken
    ) -> Generator[Progress, None, list[tuple[Distance, ...]]]:
        said = [
            [table.said[name][at] for name in table.said]
            for at in range(len(table.features))
        ]
        texts = {one.text for own in said for one in own if isinstance(one, GivenLabel)}
        if not texts:
            return [() for _ in said]
        embedded = yield from embed_texts(texts, self.embedder, self.embeddings, cancel)
        vectors = {text: embedded.vectors[at] for text, at in embedded.row.items()}
        return [label_distances(own, vectors) for own in said]

    def _logged(
        self,
        work: Generator[Progress, None, ResultT],
        what: str,
        calls: dict[str, Call],
    ) -> Generator[Progress, None, ResultT]:
        """Do it, and tell of what is asked for it.

        Parameters
        ----------
        calls : by id; is added to.
        """
        done = total = 0
        while True:
            try:
                step = next(work)
            except StopIteration as finished:
                yield self._step(done, total, what, calls)
                self._check_budget()
                result: ResultT = finished.value
                return result
            except ModelError:
                self._check_budget()
                raise
            done, total = step.done, step.total
            yield self._step(done, total, what, calls)

    def _step(
        self, done: int, total: int, what: str, calls: dict[str, Call]
    ) -> CompareProgress:
        new = self.opened.models.take_calls()
        calls.update({call.id: call for call in new})
        return CompareProgress(done, total, what, new)

    def _check_budget(self) -> None:
        """Raise ModelError if something was not asked for want of it."""
        budget = self.opened.models.budget
        if budget.is_spent:
            raise ModelError(
                f"{budget.refuse().reason}; what was answered is stored: start again "
                "with more"
            )


def asked_for(
    method: str, scorer: str, calls: Iterable[Call], chat: RecordedModel | None
) -> AskedFor:
    """Sum up calls; those that another project paid for at what they cost anew."""
    known = list(calls)
    costs = [_cost(call, chat) for call in known]
    priced = [cost for cost in costs if cost is not None]
    return AskedFor(
        method=method,
        scorer=scorer,
        spent=Spent(
            calls=len(known),
            prompt_tokens=sum(call.prompt_tokens for call in known),
            answer_tokens=sum(call.answer_tokens for call in known),
            cost=sum(priced) if priced else None,
        ),
        cached=sum(call.cached for call in known),
        unpriced=len(costs) - len(priced),
    )


def _cost(call: Call, chat: RecordedModel | None) -> float | None:
    if not call.cached or chat is None or chat.price is None:
        return None if call.cached else call.cost
    return chat.price.cost(call.prompt_tokens, call.answer_tokens)


def _said(method: str, found: Label | NoLabel) -> Said:
    if isinstance(found, NoLabel):
        return NotGiven(method=method, reason=storable(found.reason))
    return GivenLabel(
        method=method,
        text=storable(found.text),
        reason=storable(found.reason),
        model=storable(found.model),
        prompt_hash=found.prompt_hash,
    )


def _kept(score: LabelScore) -> LabelScore:
    """What is stored of a score."""
    return msgspec.structs.replace(
        score,
        label=storable(score.label),
        outcomes=(),
        baselines=tuple(
            msgspec.structs.replace(one, score=_kept(one.score))
            for one in score.baselines
        ),
    )


def _compared(
    table: _Table, at: int, distances: tuple[Distance, ...]
) -> ComparedFeature:
    scored = table.features[at].scored
    evidence = scored.evidence
    return ComparedFeature(
        feature=evidence.feature,
        tier=scored.result.tier,
        said=tuple(table.said[name][at] for name in table.said),
        scores=tuple(table.scores[at]),
        not_scored=tuple(table.not_scored[at]),
        distances=distances,
        shown=tuple(map(_shown, evidence.examples[:_SHOWN])),
        largest=evidence.max_activation,
        promoted=tuple(map(storable, promoted_tokens(evidence)[:_PROMOTED])),
    )


def _shown(example: ActivationExample) -> ExampleText:
    text = example_text(example)
    pieces = (replace(piece, text=storable(piece.text)) for piece in text.pieces)
    return replace(text, pieces=tuple(pieces))
