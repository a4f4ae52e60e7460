"""What a run of verbalizing is given."""

from dataclasses import dataclass
from pathlib import Path

from glossator.errors import VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.neurons import NEURON_KINDS
from glossator.verbalize.checkpoint import DtypeName
from glossator.verbalize.description import Sampling
from glossator.verbalize.verbalization import About

SERVICE = "neuronpedia:"
"""Begins the name of a pair that Neuronpedia runs: ``neuronpedia:MODEL/PAIR``."""


@dataclass(frozen=True)
class VerbalizeInput:
    """All that is read; a checkpoint is a folder, or a name on the model hub."""

    features: tuple[FeatureKey, ...]
    verbalizer: str
    """A checkpoint, the address of an NLA server (``http://host:5009``), or, for
    examples alone, a pair of Neuronpedia's: see `SERVICE`.
    """
    sampling: Sampling
    about: tuple[About, ...] = ("example",)
    reconstructor: str = ""
    """A checkpoint that tells how much texts say; "" for none."""
    model: str = ""
    """A checkpoint of the model that the features are of: for examples, and neurons."""
    replacement: str = ""
    """What features' own vectors are taken from: transcoders (see `open_replacement`),
    ``neurons`` or ``signed neurons``.
    """
    evidence_paths: tuple[Path, ...] = ()
    """Asked in order for examples."""
    opaque_numbers: bool = False
    """See `open_evidence`."""
    n_examples: int = 3
    """The strongest of each feature."""
    extrapolate: str = ""
    """Why vectors of features that write elsewhere than the verbalizer reads are put
    into words nevertheless; "" leaves them out.
    """
    n_controls: int = 0
    """Random directions: what is said of them are the verbalizer's habits."""
    device: str = "auto"
    dtype: DtypeName = "auto"

    @property
    def by_neurons(self) -> bool:
        """Whether features' own vectors are read from the model itself."""
        return "feature" in self.about and self.replacement in NEURON_KINDS

    def checked(self) -> "VerbalizeInput":
        """Raise VerbalizeError where something is not told that is needed."""
        self.sampling.checked()
        remote = self.verbalizer.startswith(SERVICE)
        examples, own = "example" in self.about, "feature" in self.about
        checks = (
            ("features", not self.features, "there are none"),
            ("about", not (examples or own), "neither features nor their examples"),
            ("about", remote and own, "Neuronpedia takes no vectors"),
            (
                "samples",
                remote and self.sampling.n_samples > 1,
                "Neuronpedia gives the same sample each time",
            ),
            (
                "model",
                examples and not remote and not self.model,
                "activations at examples take the model itself",
            ),
            (
                "evidence",
                examples and not self.evidence_paths,
                "there are no examples without evidence",
            ),
            (
                "model",
                self.by_neurons and not self.model,
                "neurons are read from the model itself",
            ),
            ("examples", examples and self.n_examples < 1, "there are to be none"),
            (
                "replacement",
                own and not self.replacement,
                "features' own vectors take transcoders or neurons",
            ),
        )
        for field, missing, why in checks:
            if missing:
                raise VerbalizeError(why, field=field)
        return self
