"""The methods that ask a chat model: what they make of answers, and of failures."""

from collections.abc import Iterator

import pytest

from glossator.errors import ModelError
from glossator.evidence.feature_evidence import ActivationExample
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.held_out import example_id, held_out
from glossator.labelers.label import (
    Asking,
    Label,
    Labeler,
    LabelsProgress,
    NoLabel,
    Scored,
)
from glossator.labelers.methods import MethodParts, method_named
from glossator.labelers.shown_example import shown_examples
from glossator.llm.chat_model import (
    ChatModel,
    ChatPrompt,
    NoAnswer,
    Wanted,
)
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.prompt_file import PromptFile, stored_prompt
from glossator.llm.scripted_model import ScriptedModel
from glossator.progress import CancelToken, Progress, drive
from glossator.project.revision import feature_subject
from glossator.protocol.decision import Tier
from glossator.protocol.protocol_settings import ProtocolSettings
from tests.core.labelled_features import (
    evidence,
    falling,
    labelled,
    result,
    scored,
    verbalized,
)
from tests.core.llm_server import MODEL, ChatServer, chat_server, fails, says

TREES = [" the|*▁oak| fell", " an|*▁elm| fell", " no|*▁fir| fell", " a|*▁yew| fell"]
CUTS = [" the oak", " an elm", " no fir", " a yew"]
LIST = "- Oaks\n- Elms"
NAMES = {
    "small_llm": "name_input",
    "np_max-act": "np_max_act",
    "np_max-act-logits": "np_max_act_logits",
    "oai_token-act-pair": "oai_token_act_pair",
    "eleuther_acts_top20": "eleuther_acts_top20",
    "eleuther_acts_top5": "eleuther_acts_top5",
    "baez": "baez",
    "baez_last": "baez",
}
"""Prompt of each method."""
MARKER = {
    "small_llm": "",
    "np_max-act": "Explanation: ",
    "np_max-act-logits": "Explanation: ",
    "oai_token-act-pair": "",
    "eleuther_acts_top20": "[EXPLANATION]: ",
    "eleuther_acts_top5": "[EXPLANATION]: ",
    "baez": "[EXPLANATION]: ",
    "baez_last": "[EXPLANATION]: ",
}
SENTENCE = "The feature is active on the names of trees."
PROSE = "It is hard to say. " + "The texts speak of trees and of much else. " * 8


def wants(name: str) -> str:
    """Why a method that wants its marker has no label in prose."""
    return f"which holds no “{MARKER[name].strip()}”."


def sentences(name: str) -> bool:
    return name.startswith(("oai", "eleuther"))


def trees(name: str, at: int = 17, texts: list[str] = TREES) -> Scored:
    tier: Tier = "input" if name == "small_llm" else "cross"
    said = [verbalized(cut, f"said {cut}") for cut in CUTS]
    return scored(falling(texts), tier, ["▁birch"], said, index=at)


def made(name: str, model: ChatModel | None, *, hold_out: bool = True) -> Labeler:
    return method_named(name).make(MethodParts(ProtocolSettings(), model, hold_out))


def answered(name: str, said: str | NoAnswer) -> Label | NoLabel:
    model = ScriptedModel(lambda prompt, wanted: said)
    (found,) = labelled(made(name, model), trees(name))
    return found


# -- each method, each kind of answer --------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_good_answer(name: str) -> None:
    found = answered(name, f"{MARKER[name]}Names of trees.")
    assert isinstance(found, Label)
    assert (found.text, found.method, found.model) == (
        "Names of trees",
        name,
        "scripted",
    )
    assert found.prompt_hash == stored_prompt(NAMES[name]).hash
    assert found.examples == tuple(map(example_id, falling(TREES)))
    assert found.reason.startswith("a language model's name for ")
    assert "4 examples" in found.reason or "4 texts" in found.reason
    assert found.reason.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_list_over_several_lines(name: str) -> None:
    found = answered(name, f"{MARKER[name]}\n{LIST}")
    assert isinstance(found, Label)
    assert found.text == "Oaks, Elms"


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_too_short_to_be_one(name: str) -> None:
    found = answered(name, f"{MARKER[name]}…")
    assert isinstance(found, NoLabel)
    assert found.reason.endswith("which holds no word.")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("marked", [False, True])
def test_a_sentence(name: str, *, marked: bool) -> None:
    found = answered(name, f"{MARKER[name] if marked else ''}{SENTENCE}")
    if MARKER[name] and not marked:
        assert isinstance(found, NoLabel)
        assert found.reason.endswith(wants(name))
    elif sentences(name):
        assert isinstance(found, Label)
        assert found.text == SENTENCE.removesuffix(".")
    else:
        assert isinstance(found, NoLabel)
        assert found.reason.endswith("which is a sentence.")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("marked", [False, True])
def test_prose_is_never_a_label(name: str, *, marked: bool) -> None:
    found = answered(name, f"{MARKER[name] if marked else ''}{PROSE}")
    assert isinstance(found, NoLabel)
    expected = "which is prose (77 words)."
    assert found.reason.endswith(
        wants(name) if MARKER[name] and not marked else expected
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("marked", [False, True])
def test_a_refusal(name: str, *, marked: bool) -> None:
    refusal = "I'm sorry, but I cannot help with that."
    found = answered(name, f"{MARKER[name] if marked else ''}{refusal}")
    assert isinstance(found, NoLabel)
    assert found.reason.endswith("which refuses.")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "the language model failed: the answer is empty."),
        ("<think>Let me see", "which thinks aloud and comes to no end."),
        (NoAnswer("status 500: no."), "the language model failed: status 500: no."),
    ],
)
def test_no_answer(name: str, said: str | NoAnswer, why: str) -> None:
    found = answered(name, said)
    assert isinstance(found, NoLabel)
    assert found.reason.endswith(why)


@pytest.mark.parametrize("name", NAMES)
def test_a_marker_with_nothing_after_it(name: str) -> None:
    found = answered(name, MARKER[name] or "Label:")
    assert isinstance(found, NoLabel)
    assert "which holds no" in found.reason


@pytest.mark.parametrize("name", ["eleuther_acts_top20", "eleuther_acts_top5", "baez"])
def test_the_last_marker_counts(name: str) -> None:
    found = answered(name, "[EXPLANATION]: oaks\nNo.\n[EXPLANATION]: all trees")
    assert isinstance(found, Label)
    assert found.text == "all trees"


@pytest.mark.parametrize("name", ["np_max-act", "np_max-act-logits"])
def test_how_it_was_found_is_no_label(name: str) -> None:
    found = answered(name, "All are trees.\nExplanation: method 2 succeeds")
    why = "“method 2 succeeds”, which speaks of how it was asked."
    assert found == NoLabel(name, f"the language model answered {why}")


@pytest.mark.parametrize("name", ["eleuther_acts_top20", "eleuther_acts_top5"])
@pytest.mark.parametrize(
    ("said", "usable"),
    [
        ("The <<oak>> fell", False),
        ("The << operator of C++", True),
        ("Operators like >> and <<", True),
    ],
)
def test_a_marked_text_is_no_label(name: str, said: str, *, usable: bool) -> None:
    found = answered(name, f"[EXPLANATION]: {said}")
    assert isinstance(found, Label) is usable
    assert usable or "speaks of how it was asked" in found.reason


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Method 1 fails.\n**Method 2** succeeds: all are trees.",
            " It says that method 2 succeeds.",
        ),
        ("Method 1 succeeds. Method 2 succeeds.", ""),
        ("All of them are trees.", ""),
    ],
)
def test_the_method_that_the_model_went_by_is_told(said: str, told: str) -> None:
    found = answered("np_max-act-logits", f"{said}\nExplanation: say a tree")
    assert isinstance(found, Label)
    assert found.text == "say a tree"
    assert found.reason == (
        "a language model's name for the next tokens, top tokens and texts of 4 "
        f"examples and 1 promoted tokens.{told}"
    )


def test_a_sentence_may_repeat_what_it_completes() -> None:
    found = answered("oai_token-act-pair", "Feature 4: what it looks for is trees.")
    assert isinstance(found, Label)
    assert found.text == "trees"


@pytest.mark.parametrize("name", [name for name in NAMES if "baez" not in name])
def test_an_answer_of_the_prompts_own_examples_is_no_label(name: str) -> None:
    turns = stored_prompt(NAMES[name]).turns
    given = [turn.text for turn in turns if turn.role == "assistant"]
    for said in given:
        found = answered(name, said)
        assert isinstance(found, NoLabel)
        assert found.reason.endswith("which repeats the prompt.")


def test_nor_is_one_with_another_word_in_it() -> None:
    given = stored_prompt("oai_token_act_pair").turns[4].text
    found = answered("oai_token-act-pair", given.replace(" is ", " was "))
    assert isinstance(found, NoLabel)
    assert found.reason.endswith("which repeats the prompt.")
    half = " ".join(given.split()[:5])
    assert isinstance(answered("oai_token-act-pair", f"{half} in prices"), Label)


@pytest.mark.parametrize("name", ["baez", "baez_last"])
def test_without_verbalizations_nothing_is_asked(name: str) -> None:
    model = ScriptedModel(lambda prompt, wanted: "[EXPLANATION]: trees")
    (found,) = labelled(made(name, model), scored(falling(TREES)))
    assert isinstance(found, NoLabel)
    assert "run Verbalize first" in found.reason
    assert model.asked == []


# -- what is asked, and when -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("np_max-act", Wanted(240, 1.0)),
        ("np_max-act-logits", Wanted(240, 1.0)),
        ("oai_token-act-pair", Wanted(100, 1.0)),
        ("eleuther_acts_top20", Wanted(500, 1.0)),
        ("eleuther_acts_top5", Wanted(1000, 0.7)),
        ("baez", Wanted(300, 0.7)),
        ("baez_last", Wanted(300, 0.7)),
    ],
)
def test_what_kind_of_answer_is_wanted(name: str, wanted: Wanted) -> None:
    seen: list[Wanted] = []

    def rule(prompt: ChatPrompt, wanted: Wanted) -> str:
        seen.append(wanted)
        return "x"

    labeler = made(name, ScriptedModel(rule))
    labelled(labeler, trees(name))
    assert isinstance(labeler, Asking)
    assert seen == [labeler.wanted]
    (asked,) = seen
    assert (asked.max_tokens, asked.temperature) == (
        wanted.max_tokens,
        wanted.temperature,
    )
    assert asked.purpose == name
    assert 0 < labeler.expected_tokens < asked.max_tokens


@pytest.mark.parametrize("name", NAMES)
def test_an_asked_about_feature_is_named_as_projects_do(name: str) -> None:
    labeler = made(name, None)
    assert isinstance(labeler, Asking)
    for feature in (FeatureKey("m", "s", 3, 17), FeatureKey("m", "s", 4, 5, True)):
        known = trees(name)
        of_it = known._replace(evidence=evidence(known.evidence.examples, (), feature))
        (prompt,) = labeler.asked([of_it])
        assert prompt.about == feature_subject(feature)


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_asks_nothing_and_a_run_without_a_model_says_so(name: str) -> None:
    planned = made(name, None)
    assert isinstance(planned, Asking)
    assert len(planned.asked([trees(name), trees(name)])) == 2
    with pytest.raises(
        ModelError, match=rf"^{name}: it asks a chat model, and none is"
    ):
        labelled(planned, trees(name))
    # Where there is nothing to ask, none is needed.
    assert labelled(planned) == []
    (found,) = labelled(planned, scored([], "input"))
    assert found == NoLabel(name, "there is no example of it that holds text.")


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_of_the_examples_that_may_be_seen(name: str) -> None:
    texts = [f" a{at}|*▁tree{at}| b{at}" for at in range(12)]
    tier: Tier = "input" if name == "small_llm" else "cross"
    said = [verbalized(f"a{at} tree{at}", f"of {at}") for at in range(12)]
    known = scored(falling(texts), tier, (), said)
    kept = set(map(example_id, held_out(known.evidence).test))
    assert len(kept) == 6

    def seen(*, hold_out: bool) -> set[str]:
        model = ScriptedModel(lambda prompt, wanted: f"{MARKER[name]}names of trees")
        (found,) = labelled(made(name, model, hold_out=hold_out), known)
        assert isinstance(found, Label)
        return set(found.examples)

    assert seen(hold_out=True).isdisjoint(kept)
    assert not seen(hold_out=False).isdisjoint(kept)


def test_every_label_goes_ahead() -> None:
    steps: list[Progress] = []
    model = ScriptedModel(lambda prompt, wanted: "Explanation: trees")
    batch = [trees("np_max-act"), scored([]), trees("np_max-act")]
    work = made("np_max-act", model).labels(batch, CancelToken())
    found = drive(work, lambda progress: steps.append(progress))
    assert [type(label) for label in found] == [Label, NoLabel, Label]
    ahead = [step.said for step in steps if isinstance(step, LabelsProgress)]
    assert [one for said in ahead for one in said] == [(0, found[0]), (2, found[2])]


# -- failures --------------------------------------------------------------------------


class FailsFrom:
    """Answers so many prompts; then the model fails for good."""

    def __init__(self, n: int, *, lasting: bool = True) -> None:
        self.n = n
        self.lasting = lasting
        self.asked = 0

    def __call__(self, prompt: ChatPrompt, wanted: Wanted) -> str | NoAnswer:
        self.asked += 1
        if self.asked > self.n:
            return NoAnswer("status 401: wrong key", lasting=self.lasting)
        return "Explanation: trees"


def test_what_was_answered_is_kept_where_the_model_then_fails() -> None:
    model = ScriptedModel(FailsFrom(2))
    batch = [trees("np_max-act") for _ in range(4)]
    found = labelled(made("np_max-act", model), *batch)
    assert [getattr(label, "text", None) for label in found] == ["trees"] * 2 + [
        None
    ] * 2
    failed = NoLabel("np_max-act", "the language model failed: status 401: wrong key.")
    assert found[2:] == [failed, failed]


def test_a_model_that_answers_nothing_ends_the_labelling() -> None:
    batch = [trees("np_max-act") for _ in range(3)]
    with pytest.raises(ModelError, match=r"^scripted: status 401: wrong key$"):
        labelled(made("np_max-act", ScriptedModel(FailsFrom(0))), *batch)


def test_failures_that_may_pass_end_nothing() -> None:
    model = ScriptedModel(FailsFrom(0, lasting=False))
    found = labelled(made("np_max-act", model), trees("np_max-act"), scored([]))
    assert [type(label) for label in found] == [NoLabel, NoLabel]


class Rhymes(AskedLabeler):
    """A method of one's own is a question and a reading."""

    name = "rhymes"
    wanted = Wanted(max_tokens=50, purpose=name)
    expected_tokens = 10
    reading = Reading("Label", most_words=6)

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, 10)
        asked = PromptFile("### user\nWhat rhymes? $words")
        prompt = asked.filled(words=", ".join(one.top_token for one in shown))
        ids = tuple(one.id for one in shown)
        return Question(prompt, asked.hash, "top tokens", ids)


def test_a_method_of_ones_own() -> None:
    known = scored(falling([f"a{at}|*b{at}" for at in range(12)]))
    model = ScriptedModel(lambda prompt, wanted: "Hm.\nLabel: “rhymes on b”.")
    (label,) = labelled(Rhymes(model), known)
    assert isinstance(label, Label)
    assert (label.text, label.method) == ("rhymes on b", "rhymes")
    assert label.reason == "a language model's name for top tokens."
    assert model.asked[0].turns[0].text == "What rhymes? b0, b2, b4, b6, b8, b10"


# -- with a real server, through its real client ---------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with chat_server() as server:
        yield server


def examples(*words: str) -> tuple[ActivationExample, ...]:
    return falling([f" a|*▁{word}| fell" for word in words])


@pytest.mark.parametrize("name", NAMES)
def test_a_server_names_features(server: ChatServer, name: str) -> None:
    tier: Tier = "input" if name == "small_llm" else "cross"
    batch = [
        Scored(
            evidence(examples(*words)),
            result(tier),
            tuple(verbalized(f" a {word}", f"said {word}") for word in words),
        )
        for words in (("oak", "elm"), ("trout", "pike"), ("cat", "dog"), ("hat", "tie"))
    ]
    marker = MARKER[name]
    server.by_prompt = {
        "oak": says(f"{marker}kinds of trees"),
        "trout": says(f"{marker}\n- freshwater fish\n- predators"),
        "cat": says("I'm sorry, but no."),
        "tie": fails(400, "too long"),
    }
    found = labelled(made(name, open_chat_model(server.url, MODEL)), *batch)
    texts = [getattr(label, "text", None) for label in found]
    assert texts == ["kinds of trees", "freshwater fish, predators", None, None]
    refused, failed = found[2:]
    assert isinstance(refused, NoLabel)
    assert refused.reason.endswith("which refuses.")
    assert isinstance(failed, NoLabel)
    assert "status 400: too long" in failed.reason
    assert isinstance(found[0], Label)
    assert found[0].model.startswith(MODEL)


@pytest.mark.parametrize("name", ["np_max-act-logits", "eleuther_acts_top5"])
def test_an_answer_that_the_server_cut_off(server: ChatServer, name: str) -> None:
    server.default = says("Method 1 fails, for", finish="length")
    (found,) = labelled(made(name, open_chat_model(server.url, MODEL)), trees(name))
    assert isinstance(found, NoLabel)
    assert "which is cut off before" in found.reason


@pytest.mark.parametrize("name", ["np_max-act", "baez"])
def test_a_server_that_lets_no_one_in(server: ChatServer, name: str) -> None:
    server.default = fails(401)
    with pytest.raises(ModelError, match="status 401"):
        labelled(made(name, open_chat_model(server.url, MODEL)), trees(name))
