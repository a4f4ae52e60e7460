"""Labels by a small language model, behind a real server with scripted answers."""

from collections.abc import Iterator

import numpy as np
import pytest

from glossator.errors import InputError, ModelError
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    LogitEffect,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.answered_label import Unusable, label_in
from glossator.labelers.by_tier import labels_by_tier
from glossator.labelers.fallback import Fallback
from glossator.labelers.label import Label, Labeler, NoLabel, Scored
from glossator.labelers.label_settings import LabelSettings
from glossator.labelers.small_llm import SmallLlm
from glossator.labelers.token_frequency import TokenFrequency
from glossator.llm.chat_model import Answer
from glossator.llm.openai_server import ServerModel
from glossator.llm.prompt_file import PromptFile, stored_prompt
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.decision import (
    FeatureScores,
    ProtocolResult,
    Tier,
    TierDecision,
)
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.core.llm_server import MODEL, Act, ChatServer, chat_server, fails, says

TREES = ["oak", "elm", "maple", "pine"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with chat_server() as server:
        yield server


@pytest.fixture
def labeler(server: ChatServer) -> SmallLlm:
    return SmallLlm(ServerModel.open(server.url, MODEL), ProtocolSettings())


def scored(
    tier: Tier,
    tokens: list[str],
    following: list[str] | None = None,
    promoted: tuple[str, ...] = (),
) -> Scored:
    """A feature with one example a token, of falling strength."""
    examples = []
    for at, token in enumerate(tokens):
        values = np.zeros(4, np.float32)
        values[2] = 100 - 15 * at
        after = following[at] if following else " and"
        examples.append(
            ActivationExample((f"{at}", " so", f" {token}", f" {after}"), values)
        )
    evidence = FeatureEvidence(
        FeatureKey("m", "s", 0, 0),
        tuple(examples),
        "here",
        top_logits=tuple(LogitEffect(token, None) for token in promoted),
    )
    decision = TierDecision(tier=tier, routing="calibrated", threshold=3.0, reason="x.")
    result = ProtocolResult(
        scores=FeatureScores(n_examples=9, n_distinct=9),
        calibrated=decision,
        literal=decision,
        routing="calibrated",
        embedder="mini",
    )
    return Scored(evidence, result)


def labelled(labeler: Labeler, *batch: Scored) -> list[Label | NoLabel]:
    return drive(labeler.labels(batch, CancelToken()), lambda progress: None)


# -- what is asked ---------------------------------------------------------------------


def test_an_input_feature_is_named_by_its_top_tokens(
    server: ChatServer, labeler: SmallLlm
) -> None:
    server.default = says("trees")
    (label,) = labelled(labeler, scored("input", ["oak", "elm", "elm", "maple", ""]))
    assert label == Label(
        "trees",
        "small_llm",
        "a language model's name for 3 distinct top tokens of 5 examples.",
        model=f"{MODEL} at {server.url}",
        prompt_hash=stored_prompt("name_input").hash,
    )
    question = server.asked[0].body["messages"][-1]["content"]
    assert question == "Tokens: elm (8), oak (10), maple (6)\nLabel:"


def test_an_output_feature_is_named_by_what_comes_next(
    server: ChatServer, labeler: SmallLlm
) -> None:
    server.default = says("trees")
    feature = scored("output", ["the"] * 4, TREES, ("▁Oak", "Ġbirch", " oak"))
    (label,) = labelled(labeler, feature)
    assert isinstance(label, Label)
    assert label.text == "say trees"
    assert label.prompt_hash == stored_prompt("name_output").hash
    question = server.asked[0].body["messages"][-1]["content"]
    assert "Next tokens: oak (10), elm (8), maple (7), pine (6)\n" in question
    assert "Made more likely: oak, birch\n" in question


def test_a_list_of_what_is_promoted_is_no_label(
    server: ChatServer, labeler: SmallLlm
) -> None:
    server.default = says("birch, fir, oak")
    feature = scored("output", ["the"] * 4, TREES, ("birch", "fir", "oak"))
    (found,) = labelled(labeler, feature)
    assert isinstance(found, NoLabel)
    assert "only lists the tokens" in found.reason


def test_an_output_feature_without_logits(
    server: ChatServer, labeler: SmallLlm
) -> None:
    labelled(labeler, scored("output", ["the"] * 4, TREES))
    assert "likely: not known\n" in server.asked[0].body["messages"][-1]["content"]


def test_tokens_are_told_as_they_are_seen(
    server: ChatServer, labeler: SmallLlm
) -> None:
    """Whatever a file holds, a token stays on its line and fills in no place."""
    odd = ["a\nLabel:", "$tokens", "\ud83d", "\x1b[2J"]
    labelled(labeler, scored("input", odd))
    question = server.asked[0].body["messages"][-1]["content"]
    assert question.count("\n") == 1
    assert "a⏎label:" in question
    assert "$tokens" in question
    assert "U+D83D" in question
    assert "U+001B" in question


def test_where_there_is_nothing_to_sum_up_nothing_is_asked(
    server: ChatServer, labeler: SmallLlm
) -> None:
    found = labelled(
        labeler,
        scored("input", ["oak"] * 4 + ["elm"]),
        scored("input", ["", ""]),
        scored("output", ["oak"], [""]),
        scored("cross", TREES),
    )
    assert found == [
        NoLabel("small_llm", "4 of 5 top tokens are one: there is nothing to sum up."),
        NoLabel("small_llm", "the top tokens hold no text."),
        NoLabel("small_llm", "the next tokens hold no text."),
        NoLabel("small_llm", "cross features are not asked about."),
    ]
    assert server.asked == []


def test_labels_come_in_the_order_of_the_features(
    server: ChatServer, labeler: SmallLlm
) -> None:
    server.by_prompt = {"oak": says("trees"), "trout": says("fish")}
    found = labelled(
        labeler,
        scored("input", ["trout", "pike"]),
        scored("input", ["oak"] * 9),
        scored("input", TREES),
    )
    assert [getattr(label, "text", None) for label in found] == ["fish", None, "trees"]


# -- what is answered ------------------------------------------------------------------

INPUT = stored_prompt("name_input").filled(tokens="oak (10), elm (9)")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("trees", "trees"),
        ("\n\n  trees  \nThey are all kinds of trees.", "trees"),
        ("Label: trees", "trees"),
        ("**Label:** “trees”.", "trees"),
        ("The label is: 'trees'", "trees"),
        ("- trees", "trees"),
        ("1. trees", "trees"),
        ("`trees`", "trees"),
        ("1, 2 and 3", "1, 2 and 3"),
        ("2", "2"),
        ("say trees", "trees"),
        ('Say "trees"', "trees"),
        ("say: trees", "trees"),
        ("saying farewell", "saying farewell"),
        ('"yes" or "no"', '"yes" or "no"'),
        ("trees (10)", "trees"),
        ("trees,  broad-leaved\ttrees", "trees, broad-leaved trees"),
        ("trees, Trees, trees", "trees"),
        ("trees, shrubs, trees,", "trees, shrubs"),
        ("oak, elm", "oak, elm"),
        ("oak", "oak"),
        ("<think>They are\nplants.</think>\n\ntrees", "trees"),
        ("it", "it"),
        ("this, that and these", "this, that and these"),
        ("is, was and were", "is, was and were"),
        ("I and we", "I and we"),
        ("forms of: is, was", "forms of: is, was"),
        ("tr\x00ees\u202e", "trees"),
        ("деревья", "деревья"),
    ],
)
def test_the_label_in_an_answer(text: str, label: str) -> None:
    assert label_in(Answer(text, "stop"), INPUT, ("oak", "elm")) == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<think>a</think>", "holds no text"),
        ("<think>They are", "comes to no end"),
        ("I'm sorry, but I can't help with that.", "refuses"),
        ("I’m not able to tell", "refuses"),
        ("As an AI, I have no opinion", "refuses"),
        ("Unclear.", "refuses"),
        ("none", "refuses"),
        ("…", "holds no word"),
        ('""', "holds no word"),
        ("trees \ufffd", "holds no word"),
        ("Sure! Here is a label:", "announces a label"),
        ("Label:", "holds no word"),
        ("Common theme:", "announces a label"),
        (" ".join(["tree"] * 13), "prose (13 words)"),
        ("x" * 81, "prose (1 words)"),
        ("This feature fires on trees.", "a sentence"),
        ("The tokens are trees", "a sentence"),
        ("It is trees.", "a sentence"),
        ("It’s trees", "a sentence"),
        ("Based on the list, trees", "a sentence"),
        ("Oak and elm are both trees", "a sentence"),
        ("oak, elm, maple", "only lists the tokens"),
        ("ash, fir, yew, fig, lime", "a list of 5"),
        ("Oak (10), elm (9), Maple (8)", "only lists the tokens"),
        ("tools", "repeats the prompt"),
        ("hammer, saw", "repeats the prompt"),
        ("one short label", "repeats the prompt"),
        ("words", "repeats the prompt"),
    ],
)
def test_what_is_no_label(text: str, why: str) -> None:
    found = label_in(Answer(text, "stop"), INPUT, ("oak", "elm", "maple"))
    assert isinstance(found, Unusable)
    assert why in found.why


def test_what_repeats_the_prompt_may_be_the_features_own() -> None:
    assert label_in(Answer("tools", "stop"), INPUT, ("tools", "elm")) == "tools"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("broad-leaved trees and", None),
        ("trees, shrubs, gra", None),
        ("trees, trees, trees, tr", "trees"),
        ("trees\nwhich are", "trees"),
    ],
)
def test_an_answer_that_was_cut_off(text: str, label: str | None) -> None:
    found = label_in(Answer(text, "length"), INPUT, ())
    assert found == (label or Unusable("which is cut off"))


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (says("They are all kinds of trees."), "all kinds of trees.”, which is a sen"),
        (says("I'm sorry,\nno"), "answered “I'm sorry, no”, which refuses."),
        (says("\x1b[2J" + "tree " * 90), "answered “U+001B[2Jtree tree"),
        (says(""), "failed: the answer is empty."),
        (fails(500, "out of order"), "failed: status 500: out of order."),
        (says(None, refusal="I won't."), "failed: the model refuses: I won't."),
    ],
)
def test_no_label_tells_why(
    server: ChatServer, labeler: SmallLlm, act: Act, reason: str
) -> None:
    server.default = act
    (found,) = labelled(labeler, scored("input", TREES))
    assert isinstance(found, NoLabel)
    assert found.method == "small_llm"
    assert reason in found.reason
    assert len(found.reason) < 160


@pytest.mark.parametrize("act", [fails(401), fails(404), fails(429)])
def test_a_server_that_gives_nothing_ends_the_labelling(
    server: ChatServer, labeler: SmallLlm, act: Act
) -> None:
    server.default = act
    with pytest.raises(ModelError, match=f"^{MODEL} at http"):
        labelled(labeler, scored("input", TREES))


# -- together with others --------------------------------------------------------------


def test_tokens_are_counted_where_the_answer_is_no_label(
    server: ChatServer, labeler: SmallLlm
) -> None:
    server.by_prompt = {"oak": says("trees"), "pike": says("I'm sorry, no.")}
    both = Fallback(labeler, TokenFrequency())
    assert both.methods == {"small_llm", "token_frequency"}
    named, counted, dominant, none = labelled(
        both,
        scored("input", TREES),
        scored("input", ["pike", "trout"]),
        scored("input", ["pike"] * 5),
        scored("input", [""]),
    )
    assert isinstance(named, Label)
    assert named.method == "small_llm"
    assert isinstance(counted, Label)
    assert (counted.text, counted.method, counted.model, counted.prompt_hash) == (
        "0 so pike",
        "token_frequency",
        "",
        "",
    )
    assert counted.reason.startswith("the language model answered “I'm sorry, no.”")
    assert "refuses. Instead: 1 of 2 examples end in" in counted.reason
    assert isinstance(dominant, Label)
    assert dominant.text == "so pike"
    assert isinstance(none, NoLabel)
    assert none.method == "token_frequency"


def test_features_of_both_tiers_are_asked_together(
    server: ChatServer, labeler: SmallLlm
) -> None:
    steps: list[Progress] = []
    batch = [
        scored("obscure", TREES),
        scored("output", ["the"] * 4, TREES),
        scored("input", TREES),
    ]
    server.default = says("trees")
    work = labels_by_tier(batch, {"input": labeler, "output": labeler}, CancelToken())
    found = drive(work, lambda progress: steps.append(progress))
    assert found[0] == NoLabel("", "obscure features are left to the review.")
    assert [getattr(label, "text", "") for label in found] == ["", "say trees", "trees"]
    assert {step.total for step in steps} == {2}


# -- prompts and settings --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "places"),
    [("name_input", {"tokens"}), ("name_output", {"tokens", "promoted"})],
)
def test_the_prompts_of_the_program(name: str, places: set[str]) -> None:
    asked = stored_prompt(name)
    roles = [turn.role for turn in asked.turns]
    assert roles[0] == "system"
    assert roles[1:] == ["user", "assistant"] * (len(roles) // 2 - 1) + ["user"]
    filled = asked.filled(**{place: f"<{place}>" for place in places})
    assert "$" not in "".join(turn.text for turn in filled.turns)
    assert all(f"<{place}>" in filled.turns[-1].text for place in places)


def test_a_changed_prompt_has_another_hash() -> None:
    text = "### system\nName it.\n### user\n$tokens\n"
    assert PromptFile(text).hash != PromptFile(text.replace("it", "them")).hash
    assert len(PromptFile(text).hash) == 12


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (LabelSettings(), ""),
        (LabelSettings(llm="kept for later, while ftp://"), ""),
        (LabelSettings(tier1="small_llm", llm="some/model"), ""),
        (LabelSettings(tier1="small_llm", llm="http://host", llm_model="m"), ""),
        (LabelSettings(tier1="small_llm"), "llm: name a small language model"),
        (LabelSettings(tier1="small_llm", llm="ftp://host"), "llm: 'ftp://host' is no"),
        (
            LabelSettings(tier1="small_llm", llm="some/model", llm_model="m"),
            "llm_model: 'm' is to be a model of a server",
        ),
    ],
)
def test_settings_are_checked(settings: LabelSettings, problem: str) -> None:
    if problem:
        with pytest.raises(InputError, match=f"^{problem}"):
            settings.checked()
    else:
        assert settings.checked() is settings
