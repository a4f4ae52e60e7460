"""Labels for features of all tiers, by the labeler of each tier."""

from collections.abc import Generator, Mapping, Sequence

from glossator.labelers.label import Label, Labeler, NoLabel, Scored
from glossator.progress import CancelToken, Progress
from glossator.protocol.decision import Tier


def labels_by_tier(
    batch: Sequence[Scored], labelers: Mapping[Tier, Labeler], cancel: CancelToken
) -> Generator[Progress, None, list[Label | NoLabel]]:
    """Label features, in their order; raises what a labeler raises."""
    found: list[Label | NoLabel] = [
        NoLabel("", f"{scored.result.tier} features are left to the review.")
        for scored in batch
    ]
    # One that labels several tiers gets the features of all of them together.
    for labeler in {id(labeler): labeler for labeler in labelers.values()}.values():
        own = [
            at
            for at, scored in enumerate(batch)
            if labelers.get(scored.result.tier) is labeler
        ]
        labels = yield from labeler.labels([batch[at] for at in own], cancel)
        for at, label in zip(own, labels, strict=True):
            found[at] = label
    return found
