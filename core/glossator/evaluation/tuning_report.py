"""What tuning found out, as plain text and as JSON."""

import shlex
from collections.abc import Sequence

import msgspec

from glossator.evaluation.tuning import Agreement, TuningReport
from glossator.evaluation.tuning_cost import (
    TOKENS_IN,
    TOKENS_OUT,
    Assumptions,
    TierCost,
)
from glossator.evaluation.tuning_rules import N_JUDGED
from glossator.evaluation.tuning_scores import TUNED
from glossator.protocol.decision import TIERS, Tier
from glossator.protocol.protocol_settings import WHOLE, WINDOW_NAMES, ProtocolSettings

Row = tuple[str, str, str]
"""What, as it is now, as proposed."""


def setting_rows(now: ProtocolSettings, then: ProtocolSettings) -> list[Row]:
    """Each setting that tuning may change; thresholds of the routings in use."""
    rows: list[Row] = [
        ("Routing", now.routing, then.routing),
        *_threshold_rows(now, then),
        ("Examples", _examples(now), _examples(then)),
        ("Pair weights", _weights(now), _weights(then)),
    ]
    for name in WINDOW_NAMES:
        title = f"{name.capitalize()} window"
        rows.append((title, str(now.window(name)), str(then.window(name))))
    return rows


def _threshold_rows(now: ProtocolSettings, then: ProtocolSettings) -> list[Row]:
    used = {now.routing, then.routing}
    rows: list[Row] = []
    if "calibrated" in used:
        rows.append(("z threshold", f"{now.z_threshold:g}", f"{then.z_threshold:g}"))
    if "literal" in used:
        before, after = now.raw_thresholds(), then.raw_thresholds()
        rows += [
            (f"Raw threshold, {name}", f"{before[name]:g}", f"{after[name]:g}")
            for name in WINDOW_NAMES
        ]
    return rows


def _examples(settings: ProtocolSettings) -> str:
    where = "strongest" if settings.examples == "top" else "over all strengths"
    return f"{settings.n_examples}, {where}"


def _weights(settings: ProtocolSettings) -> str:
    return "by activation" if settings.weighted else "equal"


def label_options(settings: ProtocolSettings) -> str:
    """Options of ``glossator label`` that say the same; "" for the defaults."""
    default = ProtocolSettings()
    options: list[str] = []
    for option, mine, usual in (
        ("--routing", settings.routing, default.routing),
        ("--z", settings.z_threshold, default.z_threshold),
        ("--raw", settings.raw_threshold, default.raw_threshold),
        ("--n-examples", settings.n_examples, default.n_examples),
        ("--examples", settings.examples, default.examples),
        ("--precision", settings.precision, default.precision),
        ("--embedder", settings.embedder, default.embedder),
        ("--seed", settings.seed, default.seed),
    ):
        if mine != usual:
            options += [option, f"{mine:g}" if isinstance(mine, float) else str(mine)]
    if settings.weighted:
        options.append("--weighted")
    for name in WINDOW_NAMES:
        if name in settings.raw_threshold_of:
            options += [f"--raw-{name}", f"{settings.raw_threshold_of[name]:g}"]
        window = settings.window(name)
        if window != default.window(name):
            said = "whole" if window == WHOLE else f"{window.left},{window.right}"
            options += [f"--{name}-window", said]
    return shlex.join(options)


def cost_rows(report: TuningReport, assumed: Assumptions) -> list[Row]:
    """What labelling all features takes, now and as proposed."""
    now, then = report.current_cost, report.proposed_cost
    rows: list[Row] = [
        (f"{tier.capitalize()} features", _n(now, tier), _n(then, tier))
        for tier in TIERS
        if now.features.get(tier, 0) or then.features.get(tier, 0)
    ]
    rows += [
        ("Cheap labels", f"{now.cheap_labels:,}", f"{then.cheap_labels:,}"),
        (
            "Calls of a frontier LLM",
            f"{now.frontier_calls:,}",
            f"{then.frontier_calls:,}",
        ),
        ("Tokens in", f"{now.tokens_in:,}", f"{then.tokens_in:,}"),
        ("Tokens out", f"{now.tokens_out:,}", f"{then.tokens_out:,}"),
    ]
    before, after = now.price(assumed), then.price(assumed)
    if before is not None and after is not None:
        rows.append(("Price", f"{before:,.2f}", f"{after:,.2f}"))
    rows += [
        ("Left to a person", f"{now.left_to_person:,}", f"{then.left_to_person:,}"),
        ("Minutes of a person", _minutes(now, assumed), _minutes(then, assumed)),
    ]
    return rows


def _n(cost: TierCost, tier: Tier) -> str:
    return f"{cost.features.get(tier, 0):,}"


def _minutes(cost: TierCost, assumed: Assumptions) -> str:
    return f"{cost.minutes(assumed):,.0f}"


def cost_note(report: TuningReport, assumed: Assumptions) -> str:
    """What the costs rest on, in a sentence or two."""
    n_features = sum(report.current_cost.features.values())
    reckoned = (
        f"Reckoned from a random {report.n_scored:,} of {n_features:,} features. "
        if report.n_scored < n_features
        else ""
    )
    return (
        f"{reckoned}Assumed: {TOKENS_IN:,} tokens in and {TOKENS_OUT} out a call of a "
        f"frontier LLM, {assumed.seconds:g} seconds of a person a feature."
    )


def agreements(report: TuningReport) -> tuple[Agreement, ...]:
    return report.current, report.proposed, report.literal, report.by_window


def agreement_row(one: Agreement) -> Row:
    """Name, accuracy and macro-F1 with their standard errors."""
    return (
        one.name.capitalize(),
        f"{one.accuracy:.2f} ± {one.accuracy_error:.2f}",
        f"{one.macro_f1:.2f} ± {one.macro_f1_error:.2f}",
    )


def judged_text(report: TuningReport) -> str:
    counts = ", ".join(f"{n} {tier}" for tier, n in report.judged.items())
    left_out = (
        f"; {report.n_left_out} without evidence left out" if report.n_left_out else ""
    )
    return (
        f"{sum(report.judged.values())} judged features ({counts}{left_out}); "
        f"{report.n_tried} settings compared on {report.n_folds} folds, "
        f"{report.n_repeats} times."
    )


def verdict(report: TuningReport) -> str:
    """What the figures come to, in one sentence."""
    if report.proposed.settings == report.current.settings:
        return "The current settings stand: no other agree with you clearly better."
    gain = f"macro-F1 {round(report.gain, 2) + 0.0:+.2f} ± {report.gain_error:.2f}"
    if report.is_clear:
        return f"The proposal agrees with you better: {gain}."
    return (
        f"The proposal is not clearly better: {gain}. "
        "Keep the current settings, or judge more features."
    )


def confusion_rows(one: Agreement) -> list[tuple[str, ...]]:
    """A row a judged tier: its name, and how many features were decided to be what."""
    return [
        (tier, *(f"{n:.0f}" if n == round(n) else f"{n:.1f}" for n in row))
        for tier, row in zip(TUNED[:N_JUDGED], one.confusion, strict=True)
    ]


def report_text(report: TuningReport, assumed: Assumptions) -> str:
    """Everything, as tables of text."""
    options = label_options(report.proposed.settings)
    confusion = [
        table(("you say", *TUNED), confusion_rows(one))
        for one in (report.current, report.proposed)
    ]
    return "\n\n".join(
        (
            judged_text(report),
            verdict(report),
            table(
                ("", "accuracy", "macro-F1"),
                [agreement_row(one) for one in agreements(report)],
            ),
            "All but the current settings are measured on features that had no part in "
            "choosing them;\n± is a standard error.",
            f"Current settings, decided tiers:\n{confusion[0]}",
            f"Proposed settings, decided tiers (mean of the repeats):\n{confusion[1]}",
            table(
                ("", "current", "proposed"),
                setting_rows(report.current.settings, report.proposed.settings),
            ),
            table(("", "current", "proposed"), cost_rows(report, assumed)),
            cost_note(report, assumed),
            f"To use the proposal: glossator label … {options}".rstrip()
            + ("" if options else " (the defaults, no option needed)"),
        )
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first to the left."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def report_json(report: TuningReport, assumed: Assumptions) -> str:
    """Everything, as JSON; settings as a project stores them."""
    content = {
        "report": report,
        "label_options": label_options(report.proposed.settings),
        "tiers": TUNED,
        "cost": {
            "current": _cost_json(report.current_cost, assumed),
            "proposed": _cost_json(report.proposed_cost, assumed),
        },
        "assumed": {
            "tokens_in_a_call": TOKENS_IN,
            "tokens_out_a_call": TOKENS_OUT,
            "seconds_a_feature": assumed.seconds,
        },
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def _cost_json(cost: TierCost, assumed: Assumptions) -> dict[str, float | None]:
    return {
        "cheap_labels": cost.cheap_labels,
        "frontier_calls": cost.frontier_calls,
        "tokens_in": cost.tokens_in,
        "tokens_out": cost.tokens_out,
        "price": cost.price(assumed),
        "left_to_person": cost.left_to_person,
        "minutes": cost.minutes(assumed),
    }
