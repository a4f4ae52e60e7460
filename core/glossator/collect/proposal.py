"""What a graph says of the model and the features that evidence is collected for."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from glossator.graph.attribution_graph import AttributionGraph
from glossator.model.neurons import NeuronKind

_NEURON_SETS: Mapping[str, NeuronKind] = {
    "mlp-neurons": "neurons",
    "mlp-neurons-signed": "signed neurons",
}
"""By the name of the source set, as the demo's graphs give it."""


class _Info(msgspec.Struct):
    transcoder_set: str | None = None


class _Metadata(msgspec.Struct):
    scan: str = ""
    info: _Info | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata


class Proposal(NamedTuple):
    """To be looked at by a person; "" where the graph does not say."""

    model: str
    neurons: NeuronKind | None
    """None where the features are those of transcoders."""
    transcoders: str
    """Repository of the hub."""


def proposal(graph: AttributionGraph) -> Proposal:
    """Read what the graph names; a model's name is seldom one that a hub knows."""
    neurons = _NEURON_SETS.get(graph.source_set)
    if neurons:
        return Proposal(graph.model, neurons, "")
    try:
        metadata = msgspec.json.decode(graph.original, type=_Document).metadata
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Proposal(graph.model, None, "")
    named = metadata.info.transcoder_set if metadata.info else None
    repository = metadata.scan if "/" in metadata.scan else ""
    place = named if named and "/" in named else repository
    return Proposal(graph.model, None, place)
