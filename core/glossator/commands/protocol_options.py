"""Options of the protocol's settings."""

import argparse
from typing import get_args

from glossator.protocol.protocol_settings import (
    WHOLE,
    WINDOW_NAMES,
    ExampleChoice,
    Precision,
    ProtocolSettings,
    Window,
)


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    _add_thresholds(parser)
    _add_examples(parser)
    _add_embedder(parser)


def _window_option(text: str) -> Window:
    if text == "whole":
        return WHOLE
    try:
        left, right = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no window; write LEFT,RIGHT as in -2,0, or: whole"
        ) from None
    return Window(left, right)


def settings_of(options: argparse.Namespace) -> ProtocolSettings:
    """Raise InputError where a setting cannot be used."""
    default = ProtocolSettings()
    return ProtocolSettings(
        n_examples=options.n_examples,
        input_window=options.input_window or default.input_window,
        output_window=options.output_window or default.output_window,
        cross_window=options.cross_window or default.cross_window,
        routing=options.routing,
        z_threshold=options.z,
        raw_threshold=options.raw,
        raw_threshold_of={
            name: own
            for name in WINDOW_NAMES
            if (own := getattr(options, f"raw_{name}")) is not None
        },
        examples=options.examples,
        weighted=options.weighted,
        precision=options.precision,
        embedder=options.embedder,
        seed=options.seed,
    ).checked()


def _add_thresholds(parser: argparse.ArgumentParser) -> None:
    default = ProtocolSettings()
    parser.add_argument(
        "--routing", choices=("calibrated", "literal"), default=default.routing
    )
    parser.add_argument(
        "--z",
        type=float,
        default=default.z_threshold,
        help="calibrated threshold (default: %(default)s)",
    )
    parser.add_argument(
        "--raw",
        type=float,
        default=default.raw_threshold,
        help="literal threshold (default: %(default)s)",
    )
    for name in WINDOW_NAMES:
        parser.add_argument(
            f"--raw-{name}",
            type=float,
            help=f"literal threshold of the {name} window, where it has its own",
        )


def _add_examples(parser: argparse.ArgumentParser) -> None:
    default = ProtocolSettings()
    parser.add_argument(
        "--n-examples",
        type=int,
        default=default.n_examples,
        metavar="N",
        help="examples scored (default: %(default)s)",
    )
    for name in WINDOW_NAMES:
        parser.add_argument(
            f"--{name}-window",
            type=_window_option,
            metavar="L,R",
            help="tokens relative to the top token, or: whole",
        )
    parser.add_argument(
        "--examples",
        choices=get_args(ExampleChoice),
        default=default.examples,
        help="the strongest, or some of each stretch of the activation range "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--weighted",
        action="store_true",
        help="weigh pairs of examples by activation",
    )
    parser.add_argument("--seed", type=int, default=default.seed)


def _add_embedder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--embedder",
        default="",
        metavar="MODEL",
        help="sentence-transformers model by name or folder "
        "(default: the packaged all-MiniLM-L6-v2)",
    )
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        default=ProtocolSettings().precision,
        help="of the embedder: auto is bf16 on CUDA where scores agree, else exact",
    )
