"""What is selected."""

from glossator_gui.actions.spec import ActionSpec

SELECT: tuple[ActionSpec, ...] = (
    ActionSpec("clear", "Clear Selection", "Select", ("Esc",), separator=True),
)
