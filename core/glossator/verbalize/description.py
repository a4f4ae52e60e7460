"""What all that put vectors into words have in common, here or on a server."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.errors import VerbalizeError
from glossator.progress import CancelToken, Progress
from glossator.verbalize.verbalization import Ending, Reconstruction

Vectors = Float[ndarray, "n d_model"]
"""Raw: of any length, one a row."""


@dataclass(frozen=True)
class Sampling:
    """How texts are drawn; nothing is cut off the distribution (no top-k, no top-p)."""

    n_samples: int = 1
    """Texts a vector."""
    temperature: float = 0.7
    """0 takes the likeliest token each time."""
    max_new_tokens: int = 200
    seed: int = 0

    def checked(self) -> "Sampling":
        """Raise VerbalizeError where a number is out of range."""
        if self.n_samples < 1:
            raise VerbalizeError(f"{self.n_samples} samples", field="samples")
        if not 0 <= self.temperature <= 5:
            raise VerbalizeError(
                f"{self.temperature} is not in [0, 5]", field="temperature"
            )
        if self.temperature == 0 and self.n_samples > 1:
            raise VerbalizeError(
                "samples at temperature 0 are all the same", field="temperature"
            )
        if self.max_new_tokens < 1:
            raise VerbalizeError(
                f"{self.max_new_tokens} tokens", field="max_new_tokens"
            )
        return self


@dataclass(frozen=True)
class Description:
    """One sample of text for one of the vectors."""

    vector: int
    """Row of the vector."""
    sample: int
    text: str
    ending: Ending = ""
    reconstruction: Reconstruction | None = None
    """Where the server that wrote the text told it."""
    extrapolates: str = ""
    """The reason that was given for a vector of another kind."""


@runtime_checkable
class VectorVerbalizer(Protocol):
    """Puts vectors of one layer of one model into words."""

    @property
    def name(self) -> str: ...

    @property
    def base_model(self) -> str:
        """The model whose vectors it reads; "" where it does not tell."""
        ...

    @property
    def layer(self) -> int:
        """It reads the output of this block, 0-based."""
        ...

    @property
    def d_model(self) -> int: ...

    def describe(
        self,
        vectors: Vectors,
        *,
        layer: int,
        sampling: Sampling,
        cancel: CancelToken,
        extrapolate: str = "",
    ) -> Generator[Progress, None, tuple[Description, ...]]:
        """Write `n_samples` texts for each vector, in their order.

        Parameters
        ----------
        layer : whose output the vectors are taken from, or written to.
        extrapolate : why vectors of another layer are given nevertheless.

        Raises
        ------
        VerbalizeError
            if a vector is not of a kind that the verbalizer reads.
        Cancelled
            between two batches.
        """
        ...


def check_vectors(
    vectors: Vectors, layer: int, extrapolate: str, verbalizer: VectorVerbalizer
) -> None:
    """Refuse what would come out as the verbalizer's habits, not as a reading.

    Raises
    ------
    VerbalizeError
        with the reason.
    """
    name = verbalizer.name
    if layer != verbalizer.layer and not extrapolate.strip():
        raise VerbalizeError(
            f"the vectors are of layer {layer}, and it was trained on the output of "
            f"layer {verbalizer.layer}; give a reason to extrapolate",
            source=name,
            field="layer",
        )
    width = vectors.shape[1]
    if width != verbalizer.d_model:
        raise VerbalizeError(
            f"the vectors have {width} numbers, and it reads {verbalizer.d_model}",
            source=name,
            field="vectors",
        )
    for problem, rows in (
        ("NaN or infinite", ~np.isfinite(vectors).all(axis=1)),
        ("zero, which has no direction", ~vectors.any(axis=1)),
    ):
        if rows.any():
            at = int(np.flatnonzero(rows)[0])
            raise VerbalizeError(
                f"the vector is {problem}", source=name, field=f"vectors[{at}]"
            )
