"""What a run of verbalizing tells, on the way and at its end."""

from dataclasses import dataclass
from typing import TypeAlias

from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import Progress
from glossator.verbalize.verbalization import Verbalization

Found: TypeAlias = tuple[FeatureKey, Verbalization]


@dataclass(frozen=True)
class VerbalizeProgress(Progress):
    """A step, with the verbalizations that are final."""

    finished: tuple[Found, ...] = ()


@dataclass(frozen=True)
class VerbalizeReport:
    """What a run did; its verbalizations went ahead with the progress."""

    verbalizer: str
    layer: int
    """Whose output it reads."""
    n_verbalizations: int
    left_out: tuple[str, ...]
    """Features, or parts of them, that could not be put into words; a sentence each."""
    controls: tuple[Verbalization, ...] = ()
    """What is said of random directions."""
