"""Decisions on features, and the way through the queue."""

from collections.abc import Mapping

from glossator.project.edits import JudgedTier
from glossator_gui.actions.spec import ActionSpec


def _judgement(tier: str, key: str, tip: str, *, first: bool = False) -> ActionSpec:
    return ActionSpec(
        f"judge_{tier}",
        f"Your Tier: {tier.capitalize()}",
        "Review",
        (key,),
        tip,
        needs="selection",
        separator=first,
    )


JUDGEMENTS: Mapping[JudgedTier | None, ActionSpec] = {
    "input": _judgement("input", "Alt+1", "It stands for its tokens", first=True),
    "output": _judgement("output", "Alt+2", "It stands for what follows"),
    "cross": _judgement("cross", "Alt+3", "It stands for both together"),
    "obscure": _judgement("obscure", "Alt+4", "You see no pattern"),
    None: _judgement("none", "Alt+0", "Take back what you said"),
}
"""By which a person says of which tier a feature is."""

REVIEW: tuple[ActionSpec, ...] = (
    ActionSpec(
        "accept",
        "Accept and Next",
        "Review",
        ("A",),
        "Accept the label that is shown, or typed",
        needs="selection",
    ),
    ActionSpec(
        "edit",
        "Edit Label",
        "Review",
        ("E",),
        "Type a label",
        needs="selection",
    ),
    ActionSpec(
        "reject",
        "Reject and Next",
        "Review",
        ("X",),
        "Refuse the label",
        needs="selection",
    ),
    ActionSpec(
        "skip", "Skip", "Review", ("S",), "Put it off and go on", needs="selection"
    ),
    ActionSpec(
        "use_verbalization",
        "Use Verbalization as Label",
        "Review",
        ("U",),
        "Take the chosen paragraph into the label, with its origin",
        needs="selection",
    ),
    *JUDGEMENTS.values(),
    ActionSpec("next", "Next in Queue", "Review", ("J",), separator=True),
    ActionSpec("previous", "Previous in Queue", "Review", ("K",)),
    ActionSpec(
        "next_unlabelled",
        "Next Unlabelled",
        "Review",
        ("N",),
        "The next feature of the queue that has no label",
    ),
    ActionSpec("focus_queue", "Go to Queue", "Review", ("Ctrl+1",), separator=True),
    ActionSpec("focus_graph", "Go to Graph", "Review", ("Ctrl+2",)),
    ActionSpec("focus_supernodes", "Go to Supernodes", "Review", ("Ctrl+3",)),
    ActionSpec("focus_label", "Go to Label", "Review", ("Ctrl+4",)),
    ActionSpec("focus_tiers", "Go to Tiers", "Review", ("Ctrl+5",)),
)
