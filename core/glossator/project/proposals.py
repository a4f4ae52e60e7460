"""What methods say of features, as edits. No machine replaces what a person said."""

from typing import NamedTuple

from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.label import Label, NoLabel
from glossator.project.edits import AddRevision, AnyEdit, SetDeclined
from glossator.project.revision import (
    Declined,
    LabelRevision,
    feature_subject,
    now,
    storable,
)
from glossator.project.state import ProjectState


class Proposal(NamedTuple):
    """A label that a method proposes for a feature."""

    feature: FeatureKey
    label: Label
    tier: str
    evidence: str
    """Where the examples came from."""


def proposal_edits(state: ProjectState, proposal: Proposal) -> list[AnyEdit]:
    """Propose a label; none where it is there already, refused, or not a machine's."""
    subject = feature_subject(proposal.feature)
    last = state.last_revision(subject)
    label = proposal.label
    text = storable(label.text)
    if last is not None and last.shown and last.text == text:
        return []
    if not state.machine_may_label(proposal.feature, text):
        return []
    revision = LabelRevision(
        text=text,
        status="proposed",
        method=label.method,
        model=storable(label.model),
        prompt_hash=label.prompt_hash,
        evidence=proposal.evidence,
        tier=proposal.tier,
        reason=storable(label.reason),
        examples=label.examples,
        at=now(),
    )
    return [AddRevision(subject, revision)]


def withdrawal_edits(
    state: ProjectState, feature: FeatureKey, why: str
) -> list[AnyEdit]:
    """Take back the label that a method proposed."""
    subject = feature_subject(feature)
    last = state.last_revision(subject)
    if last is None or last.status != "proposed":
        return []
    withdrawn = LabelRevision(
        text="", status="withdrawn", method=last.method, reason=why, at=now()
    )
    return [AddRevision(subject, withdrawn)]


def asked_edits(
    state: ProjectState, feature: FeatureKey, said: Label | NoLabel, model: str
) -> list[AnyEdit]:
    """Keep why a method that was asked gave no label; forget it once one does."""
    subject = feature_subject(feature)
    if isinstance(said, Label):
        return [SetDeclined(subject, None)] if subject in state.declined else []
    declined = Declined(
        method=said.method,
        reason=storable(said.reason),
        model=storable(model),
        at=now(),
    )
    return [SetDeclined(subject, declined)]
