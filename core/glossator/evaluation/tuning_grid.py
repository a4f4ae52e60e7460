"""The settings that tuning tries: ways to cut examples, and rules over their scores."""

from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

import msgspec

from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ExampleChoice,
    ProtocolSettings,
    Window,
)

RuleName = Literal["calibrated", "literal", "literal by window"]
"""A routing, with one threshold or (by window) three."""
RULES: tuple[RuleName, ...] = ("calibrated", "literal", "literal by window")


class WindowSet(NamedTuple):
    input: Window
    output: Window
    cross: Window


@dataclass(frozen=True)
class TuningGrid:
    """What is tried: windows grow together, all else in every combination."""

    windows: tuple[WindowSet, ...] = (
        WindowSet(Window(0, 0), Window(1, 1), Window(-4, 4)),
        WindowSet(Window(-2, 0), Window(1, 3), Window(-8, 8)),
        WindowSet(Window(-4, 0), Window(1, 5), Window(-16, 16)),
        WindowSet(Window(-2, 0), Window(1, 3), WHOLE),
    )
    n_examples: tuple[int, ...] = (5, 10, 20)
    examples: tuple[ExampleChoice, ...] = ("top", "quantiles")
    weighted: tuple[bool, ...] = (False, True)

    def cuts(self, current: ProtocolSettings) -> tuple[ProtocolSettings, ...]:
        """Ways to cut examples, the current one among them, nearest to default first.

        All else is as it is now.
        """
        found = [current]
        for windows, n, examples in product(
            self.windows, self.n_examples, self.examples
        ):
            found.append(
                msgspec.structs.replace(
                    current,
                    n_examples=n,
                    examples=examples,
                    input_window=windows.input,
                    output_window=windows.output,
                    cross_window=windows.cross,
                )
            )
        found.sort(key=changes_of_cut)
        return tuple({cut_of(settings): settings for settings in found}.values())


def cut_of(settings: ProtocolSettings) -> tuple[object, ...]:
    """What of the settings says how examples are chosen and cut."""
    windows = (settings.window(name) for name in WINDOW_NAMES)
    return (*windows, settings.n_examples, settings.examples)


def changes_of_cut(settings: ProtocolSettings) -> int:
    """How many settings of the cut are not the defaults."""
    return sum(
        mine != default
        for mine, default in zip(
            cut_of(settings), cut_of(ProtocolSettings()), strict=True
        )
    )
