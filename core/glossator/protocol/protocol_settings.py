"""The protocol's hyperparameters."""

from typing import Literal

import msgspec

from glossator.errors import InputError

RoutingName = Literal["calibrated", "literal"]
WindowName = Literal["input", "output", "cross"]
ExampleChoice = Literal["top", "quantiles"]
Precision = Literal["auto", "exact", "bf16"]

WINDOW_NAMES: tuple[WindowName, ...] = ("input", "output", "cross")
MIN_EXAMPLES = 3
"""Fewer usable distinct examples give no tier."""
MAX_EXAMPLES = 100
"""A null keeps the cosines of all pairs of a draw."""
_REACH = 256
"""Tokens that an embedder reads at most."""


class Window(msgspec.Struct, frozen=True, order=True):
    """Token positions left..right relative to the top token, both included."""

    left: int
    right: int

    def __str__(self) -> str:
        if self == WHOLE:
            return "whole example"
        return f"[{self.left}, {self.right}]"


WHOLE = Window(-_REACH, _REACH)
"""All of an example's text. Embedders read the beginning of what is too long."""


class ProtocolSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run depends on besides its evidence."""

    n_examples: int = 20
    """Distinct examples scored."""
    examples: ExampleChoice = "top"
    """The strongest ones, or as many from each stretch of the activation range."""
    weighted: bool = False
    """Whether scores that weigh pairs by activation decide."""
    input_window: Window = Window(-2, 0)
    output_window: Window = Window(1, 3)
    cross_window: Window = Window(-8, 8)
    routing: RoutingName = "calibrated"
    z_threshold: float = 3.0
    """Calibrated routing: standard deviations above unrelated windows."""
    raw_threshold: float = 0.5
    """Literal routing: the one raw correlation score, in [-1, 1]."""
    raw_threshold_of: dict[WindowName, float] = {}
    """Literal routing: windows with a raw threshold of their own."""
    sense_p: float = 0.01
    """Several senses are seen in unrelated windows with this probability at most."""
    embedder: str = ""
    """Name or folder of a sentence-transformers model; "" is the packaged one."""
    precision: Precision = "auto"
    """Of the embedder: auto is bf16 on CUDA where scores agree, else exact."""
    null_draws: int = 10_000
    seed: int = 20

    def window(self, name: WindowName) -> Window:
        match name:
            case "input":
                return self.input_window
            case "output":
                return self.output_window
            case "cross":
                return self.cross_window

    def raw_thresholds(self) -> dict[WindowName, float]:
        """Literal routing's threshold of each window."""
        return {
            w: self.raw_threshold_of.get(w, self.raw_threshold) for w in WINDOW_NAMES
        }

    def checked(self) -> "ProtocolSettings":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names the setting.
        """
        for name in WINDOW_NAMES:
            window = self.window(name)
            if not -_REACH <= window.left <= window.right <= _REACH:
                raise InputError(
                    f"{window} is no window: left <= right, "
                    f"both within {_REACH} tokens",
                    field=f"{name}_window",
                )
        _in_range(self.n_examples, MIN_EXAMPLES, MAX_EXAMPLES, "n_examples")
        _in_range(self.null_draws, 100, 100_000, "null_draws")
        _in_range(self.z_threshold, -10, 100, "z_threshold")
        for name, threshold in self.raw_thresholds().items():
            own = name in self.raw_threshold_of
            field = f"raw_threshold_of.{name}" if own else "raw_threshold"
            _in_range(threshold, -1, 1, field)
        _in_range(self.sense_p, 0, 1, "sense_p")
        return self


def _in_range(
    value: int | float, low: int | float, high: int | float, field: str
) -> None:
    if not low <= value <= high:
        raise InputError(f"{value} lies outside {low:g} to {high:g}", field=field)
