"""Fetch what was planned into a store; what is stored is not asked for again."""

from collections.abc import Generator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import NamedTuple

from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import Absent, Answer, Failed
from glossator.evidence.offers import FetchPlan
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.web_answer import Unavailable
from glossator.web_request import WebClient

_FAILURES = 5
"""In a row, each asked for again and again: the server is taken for broken."""


class Failure(NamedTuple):
    feature: FeatureKey
    reason: str


@dataclass(frozen=True)
class FetchReport:
    """What came of a plan."""

    fetched: tuple[FeatureKey, ...]
    n_stored: int
    """Stored before, so not asked for."""
    absent: tuple[FeatureKey, ...]
    """That the service does not know; it is not asked for them again."""
    failed: tuple[Failure, ...]
    n_left: int
    """Not asked for, since the server gave up."""
    stopped: str
    """Why it did; "" if it did not."""

    @property
    def text(self) -> str:
        """One sentence for the person who waited."""
        parts = [f"{len(self.fetched)} features fetched"]
        if self.n_stored:
            parts.append(f"{self.n_stored} stored before")
        if self.absent:
            parts.append(f"{len(self.absent)} not known there")
        if self.failed:
            first = self.failed[0]
            parts.append(
                f"{len(self.failed)} failed (first: {first.feature}, {first.reason})"
            )
        if self.stopped:
            parts.append(f"{self.n_left} not asked for, since {self.stopped}")
        return "; ".join(parts) + "."


class _Tally:
    """What has come so far."""

    def __init__(self) -> None:
        self.fetched: list[FeatureKey] = []
        self.absent: list[FeatureKey] = []
        self.failed: list[Failure] = []
        self.in_a_row = 0

    @property
    def n_answers(self) -> int:
        return len(self.fetched) + len(self.absent) + len(self.failed)

    def take(self, answers: Sequence[Answer], store: EvidenceStore) -> None:
        """Count the answers of one request, and store those that are some."""
        good = [answer for answer in answers if not isinstance(answer, Failed)]
        failed = [answer for answer in answers if isinstance(answer, Failed)]
        refused = store.add(good)
        broken = {answer.feature for answer in refused}
        for answer in good:
            if answer.feature not in broken:
                known = self.absent if isinstance(answer, Absent) else self.fetched
                known.append(answer.feature)
        self.failed += [Failure(f.feature, f.reason) for f in failed + refused]
        is_down = not good and not any(answer.answered for answer in failed)
        self.in_a_row = self.in_a_row + 1 if is_down else 0


def fetch_evidence(
    plan: FetchPlan, cancel: CancelToken, web: WebClient | None = None
) -> Generator[Progress, None, FetchReport]:
    """Ask for the features of a plan, and store the answers as they come.

    Killed, cancelled or turned away, it has lost nothing: plan again, and it goes on.

    Parameters
    ----------
    web : to ask by; without, one of its own.

    Raises
    ------
    Cancelled
        also while the server lets it wait.
    EvidenceError
        if the file cannot be written.
    """
    store = EvidenceStore.create(plan.store, plan.service.title, plan.service.address)
    wanted = store.without(plan.features)
    tally = _Tally()
    stopped = ""
    yield Progress(0, len(wanted), f"asking {plan.host}")
    with nullcontext(web) if web else WebClient(cancel) as client:
        try:
            for answers in plan.service.fetch(wanted, client):
                tally.take(answers, store)
                yield Progress(tally.n_answers, len(wanted), f"asking {plan.host}")
                if tally.in_a_row == _FAILURES:
                    stopped = f"{_FAILURES} requests in a row failed"
                    break
        except Unavailable as error:
            stopped = str(error)
    return FetchReport(
        fetched=tuple(tally.fetched),
        n_stored=plan.n_stored + len(plan.features) - len(wanted),
        absent=tuple(tally.absent),
        failed=tuple(tally.failed),
        n_left=len(wanted) - tally.n_answers,
        stopped=stopped,
    )
