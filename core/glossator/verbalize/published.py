"""Verbalizers that are published, so that a person knows what there is.

Source: the model cards of the collection ``kitft/nla-models`` and the examples of
``kitft/natural_language_autoencoder``. To show; what is run is told by a checkpoint's
own sidecar.
"""

from typing import NamedTuple


class PublishedPair(NamedTuple):
    """A verbalizer and its reconstructor."""

    base: str
    """The model whose residual stream is read."""
    layer: int
    """Block whose output is read, 0-based."""
    verbalizer: str
    reconstructor: str
    gigabytes: int
    """Of the verbalizer on disk."""
    baseline: float
    """Variance that the reconstruction error is held against for FVE: the mean squared
    distance of normalised vectors of a reference set from their mean.
    """


PUBLISHED = (
    PublishedPair(
        "Qwen/Qwen2.5-7B-Instruct",
        20,
        "kitft/nla-qwen2.5-7b-L20-av",
        "kitft/nla-qwen2.5-7b-L20-ar",
        15,
        0.7335,
    ),
    PublishedPair(
        "google/gemma-3-12b-it",
        32,
        "kitft/nla-gemma3-12b-L32-av",
        "kitft/nla-gemma3-12b-L32-ar",
        24,
        0.0302,
    ),
    PublishedPair(
        "google/gemma-3-27b-it",
        41,
        "kitft/nla-gemma3-27b-L41-av",
        "kitft/nla-gemma3-27b-L41-ar",
        108,
        0.0579,
    ),
    PublishedPair(
        "meta-llama/Llama-3.3-70B-Instruct",
        53,
        "kitft/Llama-3.3-70B-NLA-L53-av",
        "kitft/Llama-3.3-70B-NLA-L53-ar",
        141,
        0.9169,
    ),
)


def pair_for(model: str) -> PublishedPair | None:
    """The published pair of a model, by its hub name or the name that graphs use."""
    wanted = _plain(model)
    return next((pair for pair in PUBLISHED if _plain(pair.base) == wanted), None)


def _plain(model: str) -> str:
    return model.rpartition("/")[2].lower()


def verbalization_note(model: str) -> str:
    """What to know where nothing is verbalized yet: what it takes, and where from."""
    pair = pair_for(model)
    there_is = (
        f"For {pair.base} there is {pair.verbalizer} ({pair.gigabytes} GB), which "
        f"reads the output of block {pair.layer}."
        if pair
        else f"None is published for {model or 'this model'}; there are some for "
        + ", ".join(f"{p.base.rpartition('/')[2]} (block {p.layer})" for p in PUBLISHED)
        + "."
    )
    return (
        "Nobody has put this feature into words yet.\n\n"
        "An NLA verbalizer is a language model trained to describe what another model "
        f"holds at one token, from the activation vector alone. {there_is}\n\n"
        "“Verbalize…” runs a checkpoint here or asks a server. “Import…” takes texts "
        "that were made elsewhere, one JSON object a line."
    )
