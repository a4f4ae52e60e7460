"""Put examples into words by a pair that Neuronpedia runs."""

from collections.abc import Generator
from datetime import UTC, datetime

from glossator.errors import VerbalizeError
from glossator.evidence.token_text import readable_tokens
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.verbalize.gathering import other_model, read_cuts
from glossator.verbalize.nla_server import PATIENCE
from glossator.verbalize.remote_neuronpedia import (
    MOST_CHARACTERS,
    SITE,
    NeuronpediaNla,
    NlaSource,
)
from glossator.verbalize.vectors import LEAST_CONTEXT, CutText
from glossator.verbalize.verbalization import Verbalization
from glossator.verbalize.verbalize_input import SERVICE, VerbalizeInput
from glossator.verbalize.verbalize_report import VerbalizeProgress, VerbalizeReport
from glossator.web_request import WebClient


def explain_examples(
    given: VerbalizeInput, cancel: CancelToken, *, site: str = SITE
) -> Generator[Progress, None, VerbalizeReport]:
    """Send the examples' texts, and hand over what comes back, one by one.

    Raises
    ------
    WebError
        if the service does not answer, or has answered as often as it does in an hour.
    """
    cuts = yield from read_cuts(given, cancel)
    with WebClient(cancel, timeout=PATIENCE) as web:
        service = NeuronpediaNla(web, site)
        source = _source(service, given.verbalizer)
        asked = [
            (feature, cut)
            for feature, of_one in cuts.by_feature.items()
            for cut in of_one
        ]
        for done, (feature, cut) in enumerate(asked):
            yield Progress(done, len(asked), "asking Neuronpedia")
            cancel.check()
            said = _explained(service, source, feature, cut, given)
            found = ((feature, said),)
            yield VerbalizeProgress(done + 1, len(asked), "asking Neuronpedia", found)
    return VerbalizeReport(given.verbalizer, source.layer, len(asked), cuts.left_out)


def _source(service: NeuronpediaNla, name: str) -> NlaSource:
    wanted = name.removeprefix(SERVICE)
    sources = service.sources()
    for source in sources:
        if f"{source.model}/{source.id}" == wanted:
            return source
    known = ", ".join(f"{source.model}/{source.id}" for source in sources) or "none"
    raise VerbalizeError(f"it runs no {wanted!r}; it runs {known}", source=service.site)


def _explained(
    service: NeuronpediaNla,
    source: NlaSource,
    feature: FeatureKey,
    cut: CutText,
    given: VerbalizeInput,
) -> Verbalization:
    """What the activation at the last token says."""
    text = cut.text[-MOST_CHARACTERS:]
    tokens = service.tokens(text, source)
    if not tokens:
        raise VerbalizeError("it makes no token of a text", source=service.site)
    last = tokens[-1]
    (said,) = service.explain(
        text, [last.position], source, temperature=given.sampling.temperature
    )
    why = [other_model(feature.model, source.model)]
    (end,) = readable_tokens([last.token])
    if end.strip() != cut.top.strip():
        why.append(f"there the text ends in {end!r}, not in {cut.top!r}")
    if last.position < LEAST_CONTEXT:
        why.append(f"{last.position} tokens before it, fewer than {LEAST_CONTEXT}")
    return Verbalization(
        text=said.description.strip(),
        about="example",
        origin=given.verbalizer,
        example=cut.text,
        layer=source.layer,
        temperature=given.sampling.temperature,
        reconstruction=said.reconstruction(source),
        norm=said.norm,
        extrapolates="; ".join(reason for reason in why if reason),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
