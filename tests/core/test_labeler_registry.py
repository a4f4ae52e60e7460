"""Which methods there are, of the program and of installed packages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.errors import InputError
from glossator.labelers.label import Asking, Label, Labeler, NoLabel, OneByOne
from glossator.labelers.methods import (
    METHOD_GROUP,
    MethodParts,
    known_methods,
    method_named,
)
from glossator.labelers.nla import Nla
from glossator.protocol.decision import TIERS
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.verbalize.verbalization import Ending, Verbalization
from tests.core.labelled_features import example, labelled, scored

PARTS = MethodParts(ProtocolSettings())
OWN = [
    "token_frequency",
    "sense_words",
    "small_llm",
    "np_max-act",
    "np_max-act-logits",
    "oai_token-act-pair",
    "eleuther_acts_top20",
    "eleuther_acts_top5",
    "baez",
    "baez_last",
    "nla",
]


# -- the program's own -----------------------------------------------------------------


def test_the_programs_methods() -> None:
    found = known_methods()
    assert list(found.by_name) == OWN
    assert found.problems == ()


@pytest.mark.parametrize("name", OWN)
def test_an_entry_says_what_its_method_is(name: str) -> None:
    method = method_named(name)
    made = method.make(PARTS)
    assert isinstance(made, Labeler)
    assert made.methods == {name}
    assert isinstance(made, Asking) is ("chat model" in method.needs)
    for tier in set(TIERS) - method.tiers:
        unfit = scored([example("a|*b|c"), example("d|*e|f")], tier)
        if isinstance(made, OneByOne) or name == "small_llm":
            assert isinstance(labelled(made, unfit)[0], NoLabel)


def test_a_method_that_there_is_not() -> None:
    told = r"^tier2: there is no method 'mine', but token_frequency, sense_"
    with pytest.raises(InputError, match=told):
        method_named("mine", field="tier2")


# -- of other packages -----------------------------------------------------------------

PLUGIN = """
from dataclasses import dataclass
from glossator.labelers.label import Label, NoLabel, OneByOne, Scored
from glossator.labelers.methods import Method

@dataclass(frozen=True)
class Shout:
    name: str = "shout"
    def label(self, scored: Scored) -> Label | NoLabel:
        (first, *_) = scored.evidence.examples
        return Label("".join(first.tokens).upper(), self.name, "x.")

def method(name):
    made = OneByOne(Shout(name))
    return Method(name, "Shouts", frozenset({"cross"}), lambda parts: made)

shout = method("shout")
twin = method("shout")
hidden = method("np_max-act")
nameless = method("no name")
number = 3
"""


class Packages:
    """Packages that are installed into a folder, as pip leaves them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, entries: str, code: str = PLUGIN) -> None:
        module = f"{name.replace('-', '_')}_methods"
        (self.folder / f"{module}.py").write_text(code)
        info = self.folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        lines = "\n".join(f"{entry} = {module}:{entry}" for entry in entries.split())
        (info / "entry_points.txt").write_text(f"[{METHOD_GROUP}]\n{lines}\n")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Packages(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_package_brings_a_method(packages: Packages) -> None:
    packages.install("loud-labels", "shout")
    found = known_methods()
    assert found.problems == ()
    assert list(found.by_name) == [*OWN, "shout"]
    method = method_named("shout")
    assert method.title == "Shouts"
    (label,) = labelled(method.make(PARTS), scored([example("a|*b|c")]))
    assert label == Label("ABC", "shout", "x.")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("hidden", "there is a method 'np_max-act' already"),
        ("nameless", "'no name' is no name for a method"),
        ("number", "it is no Method, but of type int"),
        ("absent", "it cannot be loaded (AttributeError: "),
    ],
)
def test_what_is_no_method_is_left_out_and_told(
    packages: Packages, entry: str, why: str
) -> None:
    packages.install("odd-labels", f"{entry} shout")
    found = known_methods()
    assert list(found.by_name) == [*OWN, "shout"]
    (problem,) = found.problems
    assert problem.startswith(
        f"The labelling method 'odd_labels_methods:{entry}' of odd-labels is left out: "
    )
    assert why in problem
    assert found.by_name["np_max-act"].title != "Shouts"
    with pytest.raises(InputError, match="odd-labels is left out"):
        method_named("no name")


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('no\\nnetwork')", "import nowhere", "def (", "1 / 0"]
)
def test_a_package_that_breaks_is_left_out(packages: Packages, code: str) -> None:
    packages.install("broken-labels", "shout", code)
    packages.install("loud-labels", "shout")
    found = known_methods()
    assert list(found.by_name) == [*OWN, "shout"]
    (problem,) = found.problems
    assert "broken-labels is left out: it cannot be loaded" in problem
    assert "\n" not in problem


def test_two_packages_with_one_name(packages: Packages) -> None:
    packages.install("first-labels", "shout")
    packages.install("second-labels", "twin")
    found = known_methods()
    assert list(found.by_name) == [*OWN, "shout"]
    (problem,) = found.problems
    assert "of second-labels is left out: there is a method 'shout' already" in problem


# -- nla -------------------------------------------------------------------------------


def own_vector(
    text: str, origin: str = "av", sample: int = 0, at: str = "", ending: Ending = ""
) -> Verbalization:
    return Verbalization(
        text=text,
        about="feature",
        origin=origin,
        sample=sample,
        at=at,
        ending=ending,
    )


def test_nla_takes_the_first_sample_of_the_newest_verbalizer() -> None:
    said = [
        own_vector("old", "a", at="2026-01-01"),
        own_vector("second", "b", sample=1, at="2026-02-01"),
        own_vector("Of trees.\n\nThe word\x00 “oak”.", "b", at="2026-02-01"),
        Verbalization(text="no", about="example", origin="c", at="2026-03-01"),
    ]
    label = Nla().label(scored([], verbalizations=said))
    assert label == Label(
        "Of trees. The word\ufffd “oak”.",
        "nla",
        "what b says of the feature's own vector: a hypothesis.",
        model="b",
    )


def test_nla_of_a_verbalizer_that_was_asked_again_takes_the_later() -> None:
    said = [own_vector("first"), own_vector("again"), own_vector("  ")]
    label = Nla().label(scored([], verbalizations=said))
    assert isinstance(label, Label)
    assert label.text == "again"


def test_nla_tells_what_was_cut_off() -> None:
    said = [own_vector("Of trees and", ending="truncated")]
    label = Nla().label(scored([], verbalizations=said))
    assert isinstance(label, Label)
    assert label.reason.endswith("The text was cut at its longest length.")


def test_nla_without_a_verbalization() -> None:
    said = [Verbalization(text="no", about="example", origin="c")]
    found = Nla().label(scored([example("a|*b")], verbalizations=said))
    assert isinstance(found, NoLabel)
    assert "run Verbalize first" in found.reason
