"""Features to label, made of a few texts; and labelling them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from glossator.demo import demo_project
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    LogitEffect,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Asking, Label, Labeler, NoLabel, Scored
from glossator.labelers.methods import MethodParts, method_named
from glossator.llm.chat_model import ChatPrompt
from glossator.llm.scripted_model import ScriptedModel
from glossator.progress import CancelToken, drive
from glossator.project.open_files import (
    evidence_paths,
    opaque_numbers,
    open_evidence_paths,
)
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Senses,
    Tier,
    TierDecision,
)
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.verbalize.verbalization import Verbalization

KEY = FeatureKey("m", "s", 3, 17)


def example(text: str, activation: float = 1.0) -> ActivationExample:
    """Tokens parted by ``|``; ``*`` is before the top token, ``+0.5`` after others.

    That is their activation as a share of the top token's; 0 where it is missing.
    """
    tokens, activations = [], []
    for part in text.split("|"):
        token, _, share = part.partition("+")
        is_top = token.startswith("*")
        tokens.append(token.removeprefix("*"))
        activations.append(activation * (1.0 if is_top else float(share or 0)))
    return ActivationExample(tuple(tokens), np.array(activations, np.float32))


def falling(texts: Sequence[str]) -> tuple[ActivationExample, ...]:
    """Examples of which each is weaker than the one before."""
    return tuple(
        example(text, 10 * (len(texts) - at) / len(texts))
        for at, text in enumerate(texts)
    )


def evidence(
    examples: Sequence[ActivationExample],
    promoted: Sequence[str] = (),
    feature: FeatureKey = KEY,
) -> FeatureEvidence:
    logits = tuple(LogitEffect(token, None) for token in promoted)
    return FeatureEvidence(feature, tuple(examples), "here", top_logits=logits)


def result(tier: Tier, senses: Senses | None = None) -> ProtocolResult:
    decision = TierDecision(tier=tier, routing="calibrated", threshold=3.0, reason="x.")
    return ProtocolResult(
        scores=FeatureScores(n_examples=9, n_distinct=9, senses=senses),
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="mini",
    )


def scored(
    examples: Sequence[ActivationExample],
    tier: Tier = "cross",
    promoted: Sequence[str] = (),
    verbalizations: Sequence[Verbalization] = (),
    index: int = 17,
) -> Scored:
    found = evidence(examples, promoted, replace(KEY, index=index))
    return Scored(found, result(tier), tuple(verbalizations))


def labelled(labeler: Labeler, *batch: Scored) -> list[Label | NoLabel]:
    return drive(labeler.labels(batch, CancelToken()), lambda progress: None)


def demo_features(folder: Path, step: int) -> list[FeatureEvidence]:
    """Evidence of every so many features of the demo."""
    project = demo_project(folder / "demo.gloss")
    features = project.state.features()
    opened = open_evidence_paths(
        evidence_paths(project),
        opaque=opaque_numbers(project.state),
        features=features,
    )
    project.close()
    found = [opened.sources.evidence(feature) for feature in features[::step]]
    return [known for known in found if known is not None]


def asked(name: str, feature: Scored, *, hold_out: bool = False) -> ChatPrompt:
    """The prompt for one feature, planned and as sent."""
    made = method_named(name).make(MethodParts(ProtocolSettings(), None, hold_out))
    assert isinstance(made, Asking)
    (prompt,) = made.asked([feature])
    model = ScriptedModel(lambda prompt, wanted: "x")
    labeler = method_named(name).make(MethodParts(ProtocolSettings(), model, hold_out))
    labelled(labeler, feature)
    assert model.asked == [prompt]
    assert prompt.about == f"f:{KEY.layer}:{KEY.index}"
    return prompt


def shown(name: str, feature: Scored, *, hold_out: bool = False) -> str:
    return asked(name, feature, hold_out=hold_out).turns[-1].text


def listed(question: str, tag: str) -> list[str]:
    """Lines of a list in a prompt."""
    (inside,) = re.findall(rf"^<{tag}>\n(.*?)\n</{tag}>$", question, re.S | re.M)
    return str(inside).split("\n")


def verbalized(text: str, said: str, sample: int = 0, **more: str) -> Verbalization:
    return Verbalization(
        text=said,
        about="example",
        origin=more.get("origin", "av"),
        example=text,
        sample=sample,
        at=more.get("at", ""),
    )
