"""Decisions on features, and the way through the queue."""

from collections.abc import Mapping

from glossator.project.edits import TAGS, JudgedTier
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
        changes=True,
    )


JUDGEMENTS: Mapping[JudgedTier | None, ActionSpec] = {
    "input": _judgement("input", "Alt+1", "It stands for its tokens", first=True),
    "output": _judgement("output", "Alt+2", "It stands for what follows"),
    "cross": _judgement("cross", "Alt+3", "It stands for both together"),
    "obscure": _judgement("obscure", "Alt+4", "You see no pattern"),
    None: _judgement("none", "Alt+0", "Take back what you said"),
}
"""By which a person says of which tier a feature is."""

TAG_ACTIONS: tuple[ActionSpec, ...] = tuple(
    ActionSpec(
        f"tag_{tag}",
        f"Tag {tag}",
        "Review",
        (str(tag),),
        "Put the tag on the feature, or take it off",
        needs="selection",
        separator=tag == min(TAGS),
        changes=True,
    )
    for tag in TAGS
)

REVIEW: tuple[ActionSpec, ...] = (
    ActionSpec(
        "accept",
        "Accept and Next",
        "Review",
        ("A",),
        "Accept the label that is shown, or typed",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "edit",
        "Edit Label",
        "Review",
        ("E",),
        "Type a label",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "reject",
        "Reject and Next",
        "Review",
        ("X",),
        "Refuse the label",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "skip",
        "Skip",
        "Review",
        ("S",),
        "Put it off and go on",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "flag",
        "Flag",
        "Review",
        ("F",),
        "Mark it to come back to; it stays in its queue",
        needs="selection",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "note",
        "Edit Note",
        "Review",
        ("Ctrl+N",),
        "Write a note on the feature",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "history",
        "History of the Label",
        "Review",
        ("H",),
        "Who said what, when and why",
        needs="selection",
    ),
    ActionSpec(
        "use_verbalization",
        "Use Verbalization as Label",
        "Review",
        ("U",),
        "Take the chosen paragraph into the label, with its origin",
        needs="selection",
        changes=True,
    ),
    *JUDGEMENTS.values(),
    *TAG_ACTIONS,
    ActionSpec("next", "Next in Queue", "Review", ("J",), separator=True),
    ActionSpec("previous", "Previous in Queue", "Review", ("K",)),
    ActionSpec(
        "next_unlabelled",
        "Next Unlabelled",
        "Review",
        ("N",),
        "The next feature of the queue that has no label",
    ),
    ActionSpec("jump", "Go to Number…", "Review", ("Ctrl+J",), "A place in the queue"),
    ActionSpec(
        "choose_queue",
        "Choose Queue",
        "Review",
        ("W",),
        "What waits: by tier, by what became of its label, or a saved filter",
    ),
    ActionSpec(
        "choose_order",
        "Choose Order",
        "Review",
        ("R",),
        "By influence × uncertainty, layer, position, tier, method",
    ),
    ActionSpec(
        "recheck",
        "Blind Re-check",
        "Review",
        ("B",),
        "Say again what some accepted features stand for, without their labels",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "quality",
        "Quality of the Review",
        "Review",
        ("Q",),
        "What is left to you, what became of proposals, how long a label takes",
    ),
    ActionSpec(
        "second_annotator",
        "Compare with Another Person…",
        "Review",
        (),
        "How another's labels of the same features agree with yours",
        changes=True,
    ),
    ActionSpec("focus_queue", "Go to Queue", "Review", ("Ctrl+1",), separator=True),
    ActionSpec("focus_graph", "Go to Graph", "Review", ("Ctrl+2",)),
    ActionSpec("focus_supernodes", "Go to Supernodes", "Review", ("Ctrl+3",)),
    ActionSpec("focus_label", "Go to Label", "Review", ("Ctrl+4",)),
    ActionSpec("focus_tiers", "Go to Tiers", "Review", ("Ctrl+5",)),
)
