"""Gather the vectors of features, and say which have none."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from glossator.device import release_memory
from glossator.errors import EvidenceError, VerbalizeError
from glossator.evidence.feature_evidence import CombinedEvidence
from glossator.evidence.open_source import open_evidence
from glossator.evidence.token_text import distinct_examples
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.model.neurons import NEURON_KINDS, NeuronReplacement
from glossator.model.open_replacement import open_replacement
from glossator.model.replacement import Replacement
from glossator.progress import CancelToken, Progress
from glossator.verbalize.checkpoint import load_tokenizer
from glossator.verbalize.vectors import (
    CutText,
    GivenVector,
    cut_after_top,
    decoder_vectors,
    example_vectors,
    random_directions,
)
from glossator.verbalize.verbalize_input import VerbalizeInput

_CONTROL = "a random direction, to compare with"
_EVERY = 25
"""Features between two steps of progress."""


class Reads(NamedTuple):
    """What a verbalizer was trained to read."""

    base_model: str
    layer: int
    d_model: int


class Member(NamedTuple):
    """A vector, and whose it is."""

    feature: FeatureKey | None
    """None for a random direction."""
    given: GivenVector


@dataclass(frozen=True)
class Gathered:
    members: tuple[Member, ...]
    left_out: tuple[str, ...]


class Cuts(NamedTuple):
    """The strongest examples, cut after their top tokens."""

    by_feature: Mapping[FeatureKey, tuple[CutText, ...]]
    left_out: tuple[str, ...]


def read_cuts(
    given: VerbalizeInput, cancel: CancelToken
) -> Generator[Progress, None, Cuts]:
    """Read the examples; features without one are told, and so is what is unreadable.

    Raises
    ------
    EvidenceError
        if what lies at a path is no evidence.
    """
    source = CombinedEvidence(
        tuple(
            open_evidence(path, opaque_numbers=given.opaque_numbers)
            for path in given.evidence_paths
        )
    )
    found: dict[FeatureKey, tuple[CutText, ...]] = {}
    left_out: list[str] = []
    for done, feature in enumerate(given.features):
        if done % _EVERY == 0:
            yield Progress(done, len(given.features), "reading evidence")
        cancel.check()
        try:
            evidence = source.evidence(feature)
        except EvidenceError as error:
            left_out.append(f"{feature}: its evidence cannot be read: {error}")
            continue
        usable = distinct_examples(evidence.examples) if evidence else []
        cuts = dict.fromkeys(map(cut_after_top, usable[: given.n_examples]))
        found[feature] = tuple(cut for cut in cuts if cut.text.strip())
        if not found[feature]:
            left_out.append(f"{feature}: there is no example of it.")
    return Cuts(found, tuple(left_out))


def gather(
    given: VerbalizeInput, reads: Reads, cancel: CancelToken
) -> Generator[Progress, None, Gathered]:
    """Read the vectors; the model is gone again when they are there.

    Raises
    ------
    ModelError, ReplacementError, EvidenceError
        if the model, the transcoders or the evidence cannot be read.
    VerbalizeError
        if the model is none that the verbalizer reads.
    """
    cuts = Cuts({}, ())
    if "example" in given.about:
        cuts = yield from read_cuts(given, cancel)
    if any(cuts.by_feature.values()) or given.by_neurons:
        found = yield from _with_model(given, reads, cuts, cancel)
        release_memory()
    else:
        found = yield from _own_vectors(given, reads, None, cancel)
    order: dict[FeatureKey | None, int]
    order = {feature: at for at, feature in enumerate(given.features)}
    in_order = sorted(found.members, key=lambda member: order[member.feature])
    members = (*in_order, *_controls(given, reads))
    return Gathered(members, cuts.left_out + found.left_out)


def _with_model(
    given: VerbalizeInput, reads: Reads, cuts: Cuts, cancel: CancelToken
) -> Generator[Progress, None, Gathered]:
    yield Progress(0, 0, "loading the model")
    model = open_language_model(given.model, device=given.device, dtype=given.dtype)
    if model.d_model != reads.d_model:
        raise VerbalizeError(
            f"its vectors have {model.d_model} numbers, and the verbalizer reads "
            f"{reads.d_model}",
            source=given.model,
            field="model",
        )
    own = yield from _own_vectors(given, reads, model, cancel)
    examples = yield from _at_examples(given, reads, model, cuts, cancel)
    return Gathered(own.members + examples, own.left_out)


def _own_vectors(
    given: VerbalizeInput,
    reads: Reads,
    model: LanguageModel | None,
    cancel: CancelToken,
) -> Generator[Progress, None, Gathered]:
    """What features write; those that write elsewhere take a reason."""
    if "feature" not in given.about:
        return Gathered((), ())
    left_out: list[str] = []
    wanted: list[FeatureKey] = []
    for feature in given.features:
        if feature.attention:
            left_out.append(f"{feature}: an attention feature, of no transcoder.")
        else:
            wanted.append(feature)
    members: list[Member] = []
    source = _replacement(given, model)
    found = yield from decoder_vectors(source, wanted, reads.layer, cancel)
    for feature, vector in found.items():
        elsewhere = vector.layer != reads.layer
        if elsewhere and not given.extrapolate:
            left_out.append(
                f"{feature}: it writes in layer {vector.layer}, and the verbalizer "
                f"reads the output of layer {reads.layer}."
            )
            continue
        doubt = other_model(feature.model, reads.base_model)
        told = doubted(vector, given.extrapolate if elsewhere else "", doubt)
        members.append(Member(feature, told))
    return Gathered(tuple(members), tuple(left_out))


def _replacement(given: VerbalizeInput, model: LanguageModel | None) -> Replacement:
    for kind in NEURON_KINDS:
        if given.replacement == kind and model is not None:
            return NeuronReplacement(model, kind)
    return open_replacement(given.replacement)


def _controls(given: VerbalizeInput, reads: Reads) -> tuple[Member, ...]:
    drawn = random_directions(given.n_controls, reads.d_model, seed=given.sampling.seed)
    return tuple(
        Member(None, GivenVector(vector, "feature", reads.layer, "", _CONTROL))
        for vector in drawn
    )


def _at_examples(
    given: VerbalizeInput,
    reads: Reads,
    model: LanguageModel,
    cuts: Cuts,
    cancel: CancelToken,
) -> Generator[Progress, None, tuple[Member, ...]]:
    """Activations; a text that several features share is read once."""
    distinct = list(
        dict.fromkeys(cut for of_one in cuts.by_feature.values() for cut in of_one)
    )
    tokenizer = load_tokenizer(given.model)
    vectors = yield from example_vectors(
        model, tokenizer, distinct, reads.layer, cancel
    )
    by_cut = dict(zip(distinct, vectors, strict=True))
    doubt = other_model(given.model, reads.base_model)
    return tuple(
        Member(feature, doubted(by_cut[cut], doubt))
        for feature, of_one in cuts.by_feature.items()
        for cut in of_one
    )


def other_model(model: str, trained_on: str) -> str:
    """Why a model is not the one that a verbalizer was trained on; "" if it may be."""
    names = [
        name.rstrip("/").rpartition("/")[2].lower() for name in (model, trained_on)
    ]
    if not all(names) or names[0] == names[1]:
        return ""
    return f"of {model}, and the verbalizer was trained on {trained_on}"


def doubted(given: GivenVector, *doubts: str) -> GivenVector:
    """Add reasons to those against the vector; "" is none."""
    reasons = "; ".join(why for why in (given.extrapolates, *doubts) if why)
    return replace(given, extrapolates=reasons)
