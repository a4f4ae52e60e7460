"""The rows of the queue while they change."""

from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.views.review_queue.rows import QueueModel, QueueRow

FEATURES = [FeatureKey("m", "s", 0, index) for index in range(10)]


def no_row(feature: FeatureKey) -> QueueRow:
    raise AssertionError("nothing is shown here")


def test_rows_asked_for_amid_a_change_are_forgotten_after_it() -> None:
    """A list that loses rows selects others, and so asks where these are."""
    model = QueueModel(no_row)
    model.show_features(FEATURES[:5])
    asked: list[int | None] = []
    model.rowsRemoved.connect(lambda: asked.append(model.at(FEATURES[4])))
    model.show_features([FEATURES[n] for n in (0, 7, 8, 9, 3, 4)])
    assert asked == [2]
    found = {feature: model.at(feature) for feature in reversed(model.features)}
    assert found == {feature: at for at, feature in enumerate(model.features)}
