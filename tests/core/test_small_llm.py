"""What a small language model is asked, and labels of its answers."""

from collections.abc import Iterator

import numpy as np
import pytest

from glossator.errors import ModelError
from glossator.evidence.feature_evidence import ActivationExample
from glossator.labelers.by_tier import labels_by_tier
from glossator.labelers.held_out import example_id, held_out
from glossator.labelers.label import Asking, Label, Labeler, NoLabel, Scored
from glossator.labelers.small_llm import SmallLlm
from glossator.llm.chat_model import ChatPrompt, Wanted
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.prompt_file import stored_prompt
from glossator.llm.scripted_model import ScriptedModel
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.decision import Tier
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.core.labelled_features import labelled
from tests.core.labelled_features import scored as feature
from tests.core.llm_server import MODEL, Act, ChatServer, chat_server, fails, says

TREES = ["oak", "elm", "maple", "pine"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with chat_server() as server:
        yield server


def trees(prompt: ChatPrompt, wanted: Wanted) -> str:
    return "trees"


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(trees)


@pytest.fixture
def labeler(model: ScriptedModel) -> SmallLlm:
    return SmallLlm(model, ProtocolSettings())


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
        values[2] = 100 - 15 * at if at < 6 else 20 - at
        after = following[at] if following else " and"
        examples.append(
            ActivationExample((f"{at}", " so", f" {token}", f" {after}"), values)
        )
    return feature(examples, tier, promoted)


def question(model: ScriptedModel) -> str:
    return model.asked[-1].turns[-1].text


# -- what is asked ---------------------------------------------------------------------


def test_an_input_feature_is_named_by_its_top_tokens(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    known = scored("input", ["oak", "elm", "elm", "maple", ""])
    (label,) = labelled(labeler, known)
    assert label == Label(
        "trees",
        "small_llm",
        "a language model's name for 3 distinct top tokens of 5 examples.",
        model="scripted",
        prompt_hash=stored_prompt("name_input").hash,
        examples=tuple(map(example_id, known.evidence.examples)),
    )
    assert question(model) == "Tokens: elm (8), oak (10), maple (6)\nLabel:"


def test_an_output_feature_is_named_by_what_comes_next(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    known = scored("output", ["the"] * 4, TREES, ("▁Oak", "Ġbirch", " oak"))
    (label,) = labelled(labeler, known)
    assert isinstance(label, Label)
    assert label.text == "say trees"
    assert label.prompt_hash == stored_prompt("name_output").hash
    assert "Next tokens: oak (10), elm (8), maple (7), pine (6)\n" in question(model)
    assert "Made more likely: oak, birch\n" in question(model)


@pytest.mark.parametrize("said", ["say trees", 'Say: "trees"', "trees"])
def test_say_is_said_once(said: str) -> None:
    labeler = SmallLlm(ScriptedModel(lambda prompt, wanted: said), ProtocolSettings())
    (label,) = labelled(labeler, scored("output", ["the"] * 4, TREES))
    assert isinstance(label, Label)
    assert label.text == "say trees"


def test_a_list_of_what_is_promoted_is_no_label() -> None:
    model = ScriptedModel(lambda prompt, wanted: "birch, fir, oak")
    known = scored("output", ["the"] * 4, TREES, ("birch", "fir", "oak"))
    (found,) = labelled(SmallLlm(model, ProtocolSettings()), known)
    assert isinstance(found, NoLabel)
    assert "only lists the tokens" in found.reason


def test_an_output_feature_without_logits(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    labelled(labeler, scored("output", ["the"] * 4, TREES))
    assert "likely: not known\n" in question(model)


def test_tokens_are_told_as_they_are_seen(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    """Whatever a file holds, a token stays on its line and fills in no place."""
    odd = ["a\nLabel:", "$tokens", "\ud83d", "\x1b[2J"]
    labelled(labeler, scored("input", odd))
    assert question(model).count("\n") == 1
    assert "a⏎label:" in question(model)
    assert "$tokens" in question(model)
    assert "U+D83D" in question(model)
    assert "U+001B" in question(model)


def test_where_there_is_nothing_to_sum_up_nothing_is_asked(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    found = labelled(
        labeler,
        scored("input", ["oak"] * 4 + ["elm"]),
        scored("input", ["", ""]),
        scored("output", ["oak"], [""]),
        scored("cross", TREES),
        scored("input", []),
    )
    assert found == [
        NoLabel("small_llm", "4 of 5 top tokens are one: there is nothing to sum up."),
        NoLabel("small_llm", "the top tokens hold no text."),
        NoLabel("small_llm", "the next tokens hold no text."),
        NoLabel("small_llm", "cross features are not asked about."),
        NoLabel("small_llm", "there is no example of it that holds text."),
    ]
    assert model.asked == []


def test_what_is_held_out_is_not_listed(model: ScriptedModel) -> None:
    tokens = [f"tree{at}" for at in range(12)]
    known = scored("input", tokens)
    (label,) = labelled(SmallLlm(model, ProtocolSettings()), known)
    assert all(
        (f"{token} (" in question(model)) is (at % 2 == 0)
        for at, token in enumerate(tokens)
    )
    assert isinstance(label, Label)
    kept = map(example_id, held_out(known.evidence).test)
    assert set(label.examples).isdisjoint(kept)
    (label,) = labelled(SmallLlm(model, ProtocolSettings(), hold_out=False), known)
    assert all(f"{token} (" in question(model) for token in tokens)
    assert isinstance(label, Label)
    assert len(label.examples) == 12


def test_what_will_be_asked_is_known_before(model: ScriptedModel) -> None:
    batch = [
        scored("input", TREES),
        scored("input", ["oak"] * 9),
        scored("output", ["the"] * 4, TREES),
    ]
    planned: Asking = SmallLlm(None, ProtocolSettings())
    prompts = planned.asked(batch)
    labeler: Labeler = SmallLlm(model, ProtocolSettings())
    labelled(labeler, *batch)
    assert prompts == model.asked
    assert [prompt.about for prompt in prompts] == ["f:3:17", "f:3:17"]
    assert planned.wanted == Wanted(32, one_line=True, purpose="small_llm")


def test_features_of_both_tiers_are_asked_together(
    model: ScriptedModel, labeler: SmallLlm
) -> None:
    steps: list[Progress] = []
    batch = [
        scored("obscure", TREES),
        scored("output", ["the"] * 4, TREES),
        scored("input", TREES),
    ]
    work = labels_by_tier(batch, {"input": labeler, "output": labeler}, CancelToken())
    found = drive(work, lambda progress: steps.append(progress))
    assert found[0] == NoLabel("", "obscure features are left to the review.")
    assert [getattr(label, "text", "") for label in found] == ["", "say trees", "trees"]
    assert [step.done for step in steps] == [1, 2]


# -- with a real server ----------------------------------------------------------------


def served(server: ChatServer) -> SmallLlm:
    return SmallLlm(open_chat_model(server.url, MODEL), ProtocolSettings())


def test_labels_come_in_the_order_of_the_features(server: ChatServer) -> None:
    server.by_prompt = {"oak": says("trees"), "trout": says("fish")}
    found = labelled(
        served(server),
        scored("input", ["trout", "pike"]),
        scored("input", ["oak"] * 9),
        scored("input", TREES),
    )
    assert [getattr(label, "text", None) for label in found] == ["fish", None, "trees"]


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (says("They are all kinds of trees."), "all kinds of trees”, which is a sen"),
        (says("I'm sorry,\nno"), "answered “I'm sorry,”, which refuses."),
        (says("\x1b[2J" + "tree " * 90), "answered “[2Jtree tree"),
        (says(""), "failed: the answer is empty."),
        (says(None, refusal="I won't."), "failed: the model refuses: I won't."),
    ],
)
def test_no_label_tells_why(server: ChatServer, act: Act, reason: str) -> None:
    server.default = act
    (found,) = labelled(served(server), scored("input", TREES))
    assert isinstance(found, NoLabel)
    assert found.method == "small_llm"
    assert reason in found.reason
    assert len(found.reason) < 160


@pytest.mark.parametrize("act", [fails(401), fails(404)])
def test_a_server_that_gives_nothing_ends_the_labelling(
    server: ChatServer, act: Act
) -> None:
    server.default = act
    with pytest.raises(ModelError, match=f"^{MODEL} at http"):
        labelled(served(server), scored("input", TREES))
