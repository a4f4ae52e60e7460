"""The protocol's hyperparameters."""

from typing import Literal

import msgspec

from glossator.errors import InputError

RoutingName = Literal["calibrated", "literal"]
WindowName = Literal["input", "output", "cross"]

WINDOW_NAMES: tuple[WindowName, ...] = ("input", "output", "cross")
MIN_EXAMPLES = 3
"""Fewer usable distinct examples give no tier."""


class Window(msgspec.Struct, frozen=True):
    """Token positions left..right relative to the top token, both included."""

    left: int
    right: int

    def __str__(self) -> str:
        return f"[{self.left}, {self.right}]"


class ProtocolSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run depends on besides its evidence."""

    n_examples: int = 20
    """Distinct examples scored, strongest first."""
    input_window: Window = Window(-2, 0)
    output_window: Window = Window(1, 3)
    cross_window: Window = Window(-8, 8)
    routing: RoutingName = "calibrated"
    z_threshold: float = 3.0
    """Calibrated routing: standard deviations above unrelated windows."""
    raw_threshold: float = 0.5
    """Literal routing: the one raw correlation score, in (-1, 1)."""
    embedder: str = ""
    """Name or folder of a sentence-transformers model; "" is the packaged one."""
    null_draws: int = 1000
    seed: int = 20

    def window(self, name: WindowName) -> Window:
        match name:
            case "input":
                return self.input_window
            case "output":
                return self.output_window
            case "cross":
                return self.cross_window

    def checked(self) -> "ProtocolSettings":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names the setting.
        """
        for name in WINDOW_NAMES:
            window = self.window(name)
            if not -256 <= window.left <= window.right <= 256:
                raise InputError(
                    f"{window} is no window: left <= right, both within 256 tokens",
                    field=f"{name}_window",
                )
        _in_range(self.n_examples, MIN_EXAMPLES, 1000, "n_examples")
        _in_range(self.null_draws, 100, 100_000, "null_draws")
        _in_range(self.z_threshold, -10, 100, "z_threshold")
        _in_range(self.raw_threshold, -1, 1, "raw_threshold")
        return self


def _in_range(
    value: int | float, low: int | float, high: int | float, field: str
) -> None:
    if not low <= value <= high:
        raise InputError(f"{value} lies outside {low:g} to {high:g}", field=field)
