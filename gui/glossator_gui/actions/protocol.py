"""What is run over features."""

from glossator_gui.actions.spec import ActionSpec

PROTOCOL: tuple[ActionSpec, ...] = (
    ActionSpec(
        "run",
        "Run Protocol…",
        "Protocol",
        ("Ctrl+R",),
        "Score features, decide tiers, label what counting can label",
        on_tool_bar=True,
        changes=True,
    ),
    ActionSpec("pause", "Pause or Continue", "Protocol", ("Ctrl+P",)),
    ActionSpec("cancel", "Cancel Run", "Protocol", ("Ctrl+.",)),
    ActionSpec(
        "label",
        "Label with Language Models…",
        "Protocol",
        ("Ctrl+Shift+L",),
        "By a method for each tier, after a look at what it would ask and cost",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "collect",
        "Collect Evidence…",
        "Protocol",
        ("Ctrl+L",),
        "Run the model over texts here, and keep what the features do",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "verbalize",
        "Verbalize…",
        "Protocol",
        ("Ctrl+Shift+V",),
        "Have a verbalizer put features into words",
        changes=True,
    ),
    ActionSpec(
        "tune",
        "Tune from Your Tiers…",
        "Protocol",
        ("Ctrl+Shift+T",),
        "Compare settings on the features whose tier you judged",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "compare",
        "Compare Methods…",
        "Protocol",
        (),
        "Have several methods label the same features, and score every label",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "comparisons",
        "Comparisons of Methods",
        "Protocol",
        (),
        "What the comparisons that were made in this project found out",
    ),
)
