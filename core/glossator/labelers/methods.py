"""All methods that propose labels: the program's own, and those of other packages.

A method is one file and one entry here. A package of others adds its own by an entry
point of the group ``glossator.labelers`` that is a `Method`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, NamedTuple, Protocol

from glossator.errors import InputError
from glossator.labelers.baez import Baez, BaezLast
from glossator.labelers.eleuther_acts import EleutherActsTop5, EleutherActsTop20
from glossator.labelers.label import Labeler, OneByOne
from glossator.labelers.nla import Nla
from glossator.labelers.np_max_act import NpMaxAct
from glossator.labelers.np_max_act_logits import NpMaxActLogits
from glossator.labelers.oai_token_act_pair import OaiTokenActPair
from glossator.labelers.sense_words import SenseWords
from glossator.labelers.small_llm import SmallLlm
from glossator.labelers.token_frequency import TokenFrequency
from glossator.llm.chat_model import ChatModel
from glossator.protocol.decision import Tier
from glossator.protocol.protocol_settings import ProtocolSettings

METHOD_GROUP = "glossator.labelers"
"""Of entry points."""

Need = Literal["chat model", "verbalizations"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_DECIDED: frozenset[Tier] = frozenset({"input", "output", "cross", "obscure"})


class MethodParts(NamedTuple):
    """What a method may make a labeler of."""

    settings: ProtocolSettings
    """Those of the run."""
    chat_model: ChatModel | None = None
    """None where it is only to be known what a labeler would ask."""
    hold_out: bool = True
    """Whether labels are made of the train side of the examples alone."""


class MakeLabeler(Protocol):
    def __call__(self, parts: MethodParts, /) -> Labeler: ...


@dataclass(frozen=True)
class Method:
    name: str
    """As labels have it."""
    title: str
    """For people."""
    tiers: frozenset[Tier]
    """Of the features that it can label."""
    make: MakeLabeler
    """With `needs` "chat model" its labelers are `Asking`."""
    needs: frozenset[Need] = frozenset()


class FoundMethods(NamedTuple):
    by_name: Mapping[str, Method]
    problems: tuple[str, ...]
    """Entry points that are of no use, a sentence each."""


_CHAT: frozenset[Need] = frozenset({"chat model"})

_OWN = (
    Method(
        "token_frequency",
        "Counted tokens",
        frozenset({"input", "output"}),
        lambda p: OneByOne(TokenFrequency(p.settings.n_examples, hold_out=p.hold_out)),
    ),
    Method(
        "sense_words",
        "Words that tell senses apart",
        frozenset({"cross"}),
        lambda p: OneByOne(SenseWords(p.settings)),
    ),
    Method(
        "small_llm",
        "A small language model's name for the tokens",
        frozenset({"input", "output"}),
        lambda p: SmallLlm(p.chat_model, p.settings, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "np_max-act",
        "Top tokens and texts (Neuronpedia)",
        _DECIDED,
        lambda p: NpMaxAct(p.chat_model, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "np_max-act-logits",
        "Top, next and promoted tokens and texts (Neuronpedia)",
        _DECIDED,
        lambda p: NpMaxActLogits(p.chat_model, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "oai_token-act-pair",
        "Tokens with activations (OpenAI)",
        _DECIDED,
        lambda p: OaiTokenActPair(p.chat_model, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "eleuther_acts_top20",
        "20 texts, marked (EleutherAI)",
        _DECIDED,
        lambda p: EleutherActsTop20(p.chat_model, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "eleuther_acts_top5",
        "5 texts, marked, with activations and reasoning (EleutherAI)",
        _DECIDED,
        lambda p: EleutherActsTop5(p.chat_model, hold_out=p.hold_out),
        _CHAT,
    ),
    Method(
        "baez",
        "Verbalizations of the examples",
        _DECIDED,
        lambda p: Baez(p.chat_model, hold_out=p.hold_out),
        _CHAT | {"verbalizations"},
    ),
    Method(
        "baez_last",
        "Last paragraphs of the verbalizations of the examples",
        _DECIDED,
        lambda p: BaezLast(p.chat_model, hold_out=p.hold_out),
        _CHAT | {"verbalizations"},
    ),
    Method(
        "nla",
        "Verbalization of the feature's own vector",
        _DECIDED | {"insufficient"},
        lambda p: OneByOne(Nla()),
        frozenset({"verbalizations"}),
    ),
)


def known_methods() -> FoundMethods:
    """The program's own, then those of other packages, which never hide one."""
    found = {method.name: method for method in _OWN}
    problems: list[str] = []
    for entry in sorted(entry_points(group=METHOD_GROUP), key=lambda one: one.name):
        method = _loaded(entry)
        if isinstance(method, Method) and method.name in found:
            method = _no_use(entry, f"there is a method {method.name!r} already")
        if isinstance(method, Method):
            found[method.name] = method
        else:
            problems.append(method)
    return FoundMethods(found, tuple(problems))


def method_named(name: str, *, field: str = "method") -> Method:
    """Raises InputError if there is none; names the setting."""
    found = known_methods()
    if name not in found.by_name:
        why = "".join(f" ({problem})" for problem in found.problems)
        raise InputError(
            f"there is no method {name!r}, but {', '.join(found.by_name)}{why}",
            field=field,
        )
    return found.by_name[name]


def _loaded(entry: EntryPoint) -> Method | str:
    """The method, or why there is none."""
    try:
        loaded: object = entry.load()
    except Exception as error:  # noqa: BLE001 - other people's code fails as it likes
        told = " ".join(str(error).split())[:200]
        return _no_use(entry, f"it cannot be loaded ({type(error).__name__}: {told})")
    if not isinstance(loaded, Method):
        return _no_use(entry, f"it is no Method, but of type {type(loaded).__name__}")
    if not _NAME.fullmatch(loaded.name):
        return _no_use(entry, f"{loaded.name!r} is no name for a method")
    return loaded


def _no_use(entry: EntryPoint, why: str) -> str:
    package = f" of {entry.dist.name}" if entry.dist else ""
    return f"The labelling method {entry.value!r}{package} is left out: {why}."
