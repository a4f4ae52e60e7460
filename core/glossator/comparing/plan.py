"""What a comparison of methods will ask, and about what it costs, beforehand."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glossator.comparing.draw import DrawnFeature, draw_features
from glossator.comparing.given import CompareInput, OpenedModels
from glossator.comparing.steps import (
    fitting,
    labeler_of,
    labelled,
    to_score,
    with_baselines,
)
from glossator.evaluation.comparison.method_comparison import Mode
from glossator.evaluation.comparison.scorers import (
    JUDGING,
    judging_scorer,
    scorers_of,
)
from glossator.evaluation.label_scores.label_score import LabelToScore
from glossator.labelers.label import Asking, Label
from glossator.labelers.methods import Method
from glossator.llm.estimate import Estimate, Expected, estimated
from glossator.llm.recorded_model import RecordedModel
from glossator.progress import CancelToken, Progress

_LIST_TOKENS = 20
"""Of a scorer's answer."""


class PlannedAsking(NamedTuple):
    """What one method, or the scoring of all by one scorer, will ask."""

    mode: Mode
    what: str
    """Method or scorer."""
    model: str
    estimate: Estimate


@dataclass(frozen=True)
class ComparisonPlan:
    labels: tuple[PlannedAsking, ...]
    scoring: tuple[PlannedAsking, ...]
    """At most so much: labels that are not known yet are taken to be all different."""
    n_features: Mapping[Mode, int]
    n_candidates: int
    left_out: Mapping[str, int]
    """Features that were drawn and are of no use, by reason."""
    problems: tuple[str, ...]
    """Evidence that could not be read, one sentence each."""

    @property
    def all(self) -> tuple[PlannedAsking, ...]:
        return self.labels + self.scoring

    @property
    def n_calls(self) -> int:
        return sum(planned.estimate.calls for planned in self.all)

    @property
    def tokens(self) -> int:
        return sum(
            planned.estimate.prompt_tokens + planned.estimate.answer_tokens
            for planned in self.all
        )

    @property
    def dollars(self) -> float | None:
        """Estimated cost; None where a price is not known."""
        costs = [planned.estimate.cost for planned in self.all]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None


def plan_comparison(
    given: CompareInput, cancel: CancelToken, opened: OpenedModels | None = None
) -> Generator[Progress, None, ComparisonPlan]:
    """Find out what `compare_locally` would ask, and about what that costs.

    A server is asked for the list of its models, and for nothing else.

    Parameters
    ----------
    opened : models that are open already; they are opened in here otherwise.

    Raises
    ------
    Cancelled
        on request.
    InputError, WebError
        if evidence, a model or the stored answers cannot be opened, or there are too
        few features.
    """
    yield Progress(0, 0, "opening evidence")
    evidence = given.open_evidence()
    draw = yield from draw_features(given, evidence, cancel)
    yield Progress(0, 0, "opening the language model")
    planning = _Planning(given, opened or given.open_models())
    labels: list[PlannedAsking] = []
    scoring: list[PlannedAsking] = []
    for mode, features in draw.features.items():
        likely = yield from planning.labels(mode, features, labels, cancel)
        scoring += planning.scoring(mode, likely)
    planning.opened.models.take_calls()  # of stored answers: the run tells of them
    return ComparisonPlan(
        labels=tuple(labels),
        scoring=tuple(scoring),
        n_features={mode: len(features) for mode, features in draw.features.items()},
        n_candidates=len(given.tasks),
        left_out=draw.left_out,
        problems=evidence.problems,
    )


@dataclass(frozen=True)
class _Planning:
    given: CompareInput
    opened: OpenedModels

    def labels(
        self,
        mode: Mode,
        features: Sequence[DrawnFeature],
        planned: list[PlannedAsking],
        cancel: CancelToken,
    ) -> Generator[Progress, None, list[list[LabelToScore]]]:
        """Plan what methods ask; the labels to score, or what stands for them.

        Labels are known of methods that ask nothing, or have all answers already.
        """
        likely = []
        for method in self.given.methods:
            cancel.check()
            yield Progress(0, 0, f"writing the questions of {method.name}")
            labeler = labeler_of(method, self.given.protocol, self.opened.labels)
            chat = self.opened.labels
            texts: list[str | None]
            known = True
            if isinstance(labeler, Asking) and chat is not None:
                prompts = labeler.asked(fitting(method, features))
                expected = [
                    Expected(prompt, labeler.wanted, labeler.expected_tokens)
                    for prompt in prompts
                ]
                planned.append(self._planned(mode, method.name, chat, expected))
                known = planned[-1].estimate.calls == 0
            if known:
                found = yield from labelled(method, labeler, features, cancel)
                texts = [one.text if isinstance(one, Label) else None for one in found]
            else:
                texts = [_stand_in(method, one) for one in features]
            likely.append(to_score(features, texts))
        return likely

    def scoring(
        self, mode: Mode, likely: Sequence[Sequence[LabelToScore]]
    ) -> list[PlannedAsking]:
        """What scorers ask about all methods' labels."""
        settings, chat = self.given.settings, self.opened.scoring
        planned = []
        for name in scorers_of(mode, settings.scorers):
            if name not in JUDGING or chat is None:
                continue
            judging = judging_scorer(name, mode, chat)
            scorer = with_baselines(
                judging, mode, wanted=settings.baselines, seed=settings.seed
            )
            expected = [
                Expected(prompt, judging.wanted, _LIST_TOKENS)
                for labels in likely
                for prompt in scorer.asked(labels)
            ]
            planned.append(self._planned(mode, name, chat, expected))
        return planned

    def _planned(
        self, mode: Mode, what: str, chat: RecordedModel, expected: Sequence[Expected]
    ) -> PlannedAsking:
        found = estimated(chat.name, expected, chat.answers, chat.price)
        return PlannedAsking(mode, what, chat.name, found)


def _stand_in(method: Method, feature: DrawnFeature) -> str | None:
    """As long as a label, and like no other."""
    if feature.scored.result.tier not in method.tiers:
        return None
    return f"words by {method.name} for {feature.scored.evidence.feature}"
