"""Options that say which methods label, which models they ask, and at what cost."""

import argparse

from glossator.commands.agreement import add_limits
from glossator.labelers.label_settings import COUNTED, LabelSettings
from glossator.labelers.methods import known_methods
from glossator.llm.providers import PROVIDERS


def add_labelling_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "labels by chosen methods",
        "A plan with its cost is printed first. Methods: "
        f"{', '.join(known_methods().by_name)}. A model is a folder, a name on the "
        f"model hub, a provider ({', '.join(one.name for one in PROVIDERS)}) or the "
        "address of a server; keys are read from the environment or the keyring.",
    )
    default = LabelSettings()
    group.add_argument(
        "--tier1",
        default=default.tier1,
        metavar="METHOD",
        help="of input and output features (default: %(default)s)",
    )
    group.add_argument(
        "--tier2",
        default=default.tier2,
        metavar="METHOD",
        help="of cross features (default: they are left to the review)",
    )
    group.add_argument(
        "--tier3",
        default=default.tier3,
        metavar="METHOD",
        help="of obscure features (default: they are left to the review)",
    )
    _add_models(group)
    _add_prices(group)
    add_limits(group)


def _add_models(group: argparse._ArgumentGroup) -> None:
    default = LabelSettings()
    group.add_argument(
        "--llm", default=default.llm, metavar="MODEL", help="that tier 1 asks"
    )
    group.add_argument(
        "--llm-model",
        default=default.llm_model,
        metavar="NAME",
        help="which of its server's models (default: the only one)",
    )
    group.add_argument(
        "--frontier",
        default=default.frontier,
        metavar="MODEL",
        help="that tiers 2 and 3 ask",
    )
    group.add_argument(
        "--frontier-model",
        default=default.frontier_model,
        metavar="NAME",
        help="which of its server's models (default: the only one)",
    )
    group.add_argument(
        "--all-examples",
        action="store_true",
        help="show methods all examples; without it half are kept back, so that the "
        "labels can be scored on them",
    )


def _add_prices(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--prompt-price",
        type=float,
        metavar="N",
        help="of --frontier, in dollars per million tokens, if it is not known",
    )
    group.add_argument(
        "--answer-price", type=float, metavar="N", help="likewise, of its answers"
    )


def labelling_of(options: argparse.Namespace) -> LabelSettings:
    """Raise InputError where a setting cannot be used."""
    return LabelSettings(
        tier1=options.tier1 or COUNTED,
        tier2=options.tier2,
        tier3=options.tier3,
        llm=options.llm,
        llm_model=options.llm_model,
        frontier=options.frontier,
        frontier_model=options.frontier_model,
        hold_out=not options.all_examples,
        dollars=options.budget_dollars,
        tokens=options.budget_tokens,
        prompt_price=options.prompt_price,
        answer_price=options.answer_price,
        at_once=options.at_once,
        patience=options.patience,
    ).checked()
