"""All that the feature panel shows of one node."""

from dataclasses import dataclass

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import NodeKind
from glossator.project.edits import JudgedTier
from glossator.project.revision import Declined, LabelRevision
from glossator.protocol.decision import ProtocolResult
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.verbalize.verbalization import Verbalization


@dataclass(frozen=True, eq=False)
class FeatureView:
    title: str
    """Names the feature; the same title means the same label."""
    subtitle: str
    """The node: its token and id."""
    kind: NodeKind
    label: str
    """The label in force, "" without one."""
    revision: LabelRevision | None
    """The last one, shown or not."""
    history: tuple[LabelRevision, ...]
    """Oldest first."""
    note: str
    draft: str
    """What was typed and not yet accepted."""
    evidence: FeatureEvidence | None
    evidence_note: str
    """Why there is no evidence; "" if there is."""
    result: ProtocolResult | None
    node_activation: float | None
    """Of this node; None or NaN where unknown."""
    can_label: bool
    layer: int = -1
    """Of the node."""
    verbalizations: tuple[Verbalization, ...] = ()
    verbalization_note: str = ""
    """What there is to know where there is none."""
    declined: Declined | None = None
    """Why a method that was asked gave no label; None where there is one."""
    judged: JudgedTier | None = None
    """What a person says of the tier."""
    tags: tuple[int, ...] = ()
    """Of `TAGS`, rising."""
    flagged: bool = False
    concealed: bool = False
    """The label and all that tells of it is left out here: it is re-checked blindly."""
    settings: ProtocolSettings | None = None
    """Of the project's last run; None tells not which examples were scored."""
