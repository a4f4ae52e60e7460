"""All queues of a project, kept in order while features change one by one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.reviewing.review import QUEUES, QueueName, queues_of
from glossator.project.reviewing.review_order import OrderName, Place, ReviewOrder
from glossator.project.revision import Subject, feature_subject
from glossator.project.state import ProjectState


class ReviewQueues:
    """Features by what they wait for.

    A decision moves nothing but what was decided, and that only out of its queues and
    into others: a person who walks along a queue does not see it reorder itself.
    """

    def __init__(
        self,
        state: ProjectState,
        features: Iterable[FeatureKey],
        order: ReviewOrder,
        by: OrderName,
    ) -> None:
        self._state = state
        self._order = order
        self._by: OrderName = by
        self._features = {feature_subject(f): f for f in features}
        self._places: dict[FeatureKey, Place] = {}
        self._waits_in: dict[FeatureKey, tuple[QueueName, ...]] = {}
        self._queues: dict[QueueName, list[tuple[Place, FeatureKey]]] = {
            name: [] for name in QUEUES
        }
        self._in_order: dict[QueueName, list[FeatureKey]] = {}
        """The same without their places."""
        for feature in self._features.values():
            place = self._order.place(feature, by)
            self._places[feature] = place
            self._waits_in[feature] = queues_of(state, feature)
            for name in self._waits_in[feature]:
                self._queues[name].append((place, feature))
        for name, waiting in self._queues.items():
            waiting.sort()
            self._in_order[name] = [feature for _, feature in waiting]

    def __len__(self) -> int:
        """Features in any queue."""
        return len(self._features)

    def update(self, subjects: Iterable[Subject]) -> None:
        """Put features where they belong after a change of what is said of them."""
        for subject in subjects:
            feature = self._features.get(subject)
            if feature is not None:
                self._put(feature)

    def _put(self, feature: FeatureKey) -> None:
        state = self._state
        before, place = self._waits_in[feature], self._places[feature]
        settled = state.review_state(feature) in ("accepted", "rejected")
        now = queues_of(state, feature)
        there = place if settled else self._order.place(feature, self._by)
        if now == before and there == place:
            return
        for name in before:
            at = bisect_left(self._queues[name], (place, feature))
            del self._queues[name][at], self._in_order[name][at]
        for name in now:
            at = bisect_left(self._queues[name], (there, feature))
            self._queues[name].insert(at, (there, feature))
            self._in_order[name].insert(at, feature)
        self._waits_in[feature], self._places[feature] = now, there

    def features(self, queue: QueueName) -> list[FeatureKey]:
        """Features that wait in a queue, in order."""
        return self._in_order[queue].copy()

    def in_order(self, features: Iterable[FeatureKey]) -> list[FeatureKey]:
        """Those of the features that are here, in the same order."""
        places = self._places
        return sorted((f for f in features if f in places), key=lambda f: places[f])

    def counts(self) -> Sequence[tuple[QueueName, int]]:
        """How many wait in each queue."""
        return [(name, len(waiting)) for name, waiting in self._queues.items()]

    def count(self, queue: QueueName) -> int:
        return len(self._queues[queue])
