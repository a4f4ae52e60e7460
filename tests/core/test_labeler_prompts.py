"""What each method that asks a chat model shows it of a feature."""

import re

import pytest

from glossator.evidence.token_text import clean_example
from glossator.labelers.held_out import example_id
from glossator.labelers.label import Asking, Label
from glossator.labelers.methods import MethodParts, method_named
from glossator.llm.chat_model import Turn
from glossator.llm.prompt_file import PromptFile, stored_prompt
from glossator.llm.scripted_model import ScriptedModel
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.verbalize.vectors import cut_after_top
from glossator.verbalize.verbalization import Verbalization
from tests.core.labelled_features import (
    example,
    falling,
    labelled,
    listed,
    scored,
    shown,
    verbalized,
)

PROMPTS = {
    "name_input": {"tokens"},
    "name_output": {"tokens", "promoted"},
    "np_max_act": {"tokens", "texts"},
    "np_max_act_logits": {"next_tokens", "top_tokens", "promoted", "texts"},
    "oai_token_act_pair": {"records"},
    "eleuther_acts_top20": {"examples"},
    "eleuther_acts_top5": {"examples"},
    "baez": {"examples"},
}
SHOTS = {
    "np_max_act": 3,
    "np_max_act_logits": 4,
    "oai_token_act_pair": 3,
    "eleuther_acts_top20": 3,
    "eleuther_acts_top5": 3,
    "baez": 0,
}
EXAMPLES = [
    "Ann+0.1| saw+0.7| an|*▁Oak|▁tree|.",
    "<bos>|in| the+0.65|*Ġelm|Ċ+0.1|was",
    " no|* fir",
    *(f" a{at}|* ash| b{at}" for at in range(25)),
]


# -- the prompts of the program --------------------------------------------------------


@pytest.mark.parametrize("name", PROMPTS)
def test_each_prompt_is_whole(name: str) -> None:
    stored = stored_prompt(name)
    roles = [turn.role for turn in stored.turns]
    assert roles[0] == "system"
    assert roles[1:] == ["user", "assistant"] * (len(roles) // 2 - 1) + ["user"]
    assert len(roles) // 2 - 1 == SHOTS.get(name, 3)
    filled = stored.filled(**{place: f"<{place}>" for place in PROMPTS[name]})
    assert "$" not in "".join(turn.text for turn in filled.turns)
    for place in PROMPTS[name]:
        assert f"<{place}>" in filled.turns[-1].text
        assert all(f"<{place}>" not in turn.text for turn in filled.turns[:-1])


def test_a_changed_prompt_has_another_hash() -> None:
    text = "### system\nName it.\n### user\n$tokens\n"
    assert PromptFile(text).hash != PromptFile(text.replace("it", "them")).hash
    assert len(PromptFile(text).hash) == 12


def answers(name: str) -> list[Turn]:
    turns = stored_prompt(name).turns
    return [turn for turn in turns if turn.role == "assistant"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("np_max_act", r"Method 1 .*\nExplanation: (\S+ ?){1,6}"),
        ("np_max_act_logits", r"Method 1 .*\nExplanation: (\S+ ?){1,6}"),
        ("oai_token_act_pair", r"[a-z][^\n]*\."),
        ("eleuther_acts_top20", r"\[EXPLANATION\]: [^\n]+"),
        ("eleuther_acts_top5", r"Step 1.*Step 2.*Step 3.*\n\[EXPLANATION\]: [^\n]+"),
    ],
)
def test_prompts_answer_as_they_ask_for(name: str, pattern: str) -> None:
    for turn in answers(name):
        assert re.fullmatch(pattern, turn.text, re.S), turn.text


def test_the_logits_prompt_shows_each_method_succeed_once() -> None:
    told = [turn.text for turn in answers("np_max_act_logits")]
    assert [re.findall(r"Method (\d) succeeds", text) for text in told] == [
        ["1"],
        ["2"],
        ["3"],
        ["4"],
    ]
    questions = [t.text for t in stored_prompt("np_max_act_logits").turns[1:-1:2]]
    for question in questions:
        tags = ("NEXT_TOKENS", "TOP_TOKENS", "TEXTS")
        lists = [listed(question, tag) for tag in tags]
        assert len({len(lines) for lines in lists}) == 1
        for after, top, text in zip(*lists, strict=True):
            joined = f"{top} {after}" if after[:1].isalnum() else f"{top}{after}"
            assert joined in text


def test_the_prompts_own_marks_fit_their_activations() -> None:
    for turn in stored_prompt("eleuther_acts_top5").turns[1:-1:2]:
        texts = re.findall(r"Example \d+: (.*)\nActivations: (.*)", turn.text)
        assert len(texts) == 3
        assert "10)" in texts[0][1]
        for text, values in texts:
            told = "".join(re.findall(r'\("(.*?)" : \d+\)', values))
            assert told.strip() == "".join(re.findall("<<(.*?)>>", text))


def test_the_prompts_own_records_are_repeated_where_they_are_sparse() -> None:
    for turn in stored_prompt("oai_token_act_pair").turns[1:-1:2]:
        told, _, repeated = turn.text.partition("without zeros:")
        values = [int(value) for value in re.findall(r"\t(\d+)$", told, re.M)]
        assert max(values) == 10
        sparse = sum(value > 0 for value in values) < 0.2 * len(values)
        assert bool(repeated) is sparse
        active = re.findall(r"^.*\t[1-9]\d*$", told, re.M)
        assert re.findall(r"^.*\t\d+$", repeated, re.M) == (active if sparse else [])


# -- np_max-act and np_max-act-logits --------------------------------------------------


def test_np_max_act_lists_top_tokens_and_texts() -> None:
    question = shown("np_max-act", scored(falling(EXAMPLES)))
    assert listed(question, "TOP_TOKENS") == ["Oak", "elm", "fir", *["ash"] * 7]
    texts = listed(question, "TEXTS")
    assert texts[:4] == [
        "Ann saw an Oak tree.",
        "in the elm⏎was",
        "no fir",
        "a0 ash b0",
    ]
    assert len(texts) == 10
    assert question.index("TOP_TOKENS") < question.index("TEXTS")


def test_np_max_act_cuts_texts_around_the_top_token() -> None:
    before = "|".join(f" b{at}" for at in range(40))
    after = "|".join(f" a{at}" for at in range(40))
    known = scored([example(f"{before}|* top|{after}")])
    for name in ("np_max-act", "np_max-act-logits"):
        (text,) = listed(shown(name, known), "TEXTS")
        words = text.split()
        assert (words[0], words[24], words[-1], len(words)) == ("b16", "top", "a23", 49)


def test_np_max_act_logits_has_four_lists_in_order() -> None:
    promoted = ["▁Birch", "Ġwood", " wood", "<0x0A>", *(f"p{at}" for at in range(12))]
    question = shown("np_max-act-logits", scored(falling(EXAMPLES), promoted=promoted))
    order = ["NEXT_TOKENS", "TOP_TOKENS", "PROMOTED_TOKENS", "TEXTS"]
    assert re.findall(r"^<(\w+)>$", question, re.M) == order
    assert listed(question, "NEXT_TOKENS")[:4] == ["tree", "⏎", "", "b0"]
    assert listed(question, "TOP_TOKENS")[:3] == ["Oak", "elm", "fir"]
    assert listed(question, "PROMOTED_TOKENS") == [
        "Birch",
        "wood",
        "⏎",
        *(f"p{at}" for at in range(7)),
    ]
    assert {len(listed(question, tag)) for tag in order} == {10}


def test_np_max_act_logits_without_logits() -> None:
    question = shown("np_max-act-logits", scored(falling(EXAMPLES)))
    assert listed(question, "PROMOTED_TOKENS") == ["(not known)"]


# -- oai_token-act-pair ----------------------------------------------------------------


def test_oai_tells_each_tokens_activation() -> None:
    """Rounded down, of the largest that is shown; none below zero."""
    known = scored([example("Ann+-0.5| saw+0.69|*▁Oak", 4), example(" a|*\n", 2)])
    question = shown("oai_token-act-pair", known)
    assert (
        "<start>\nAnn\t0\n saw\t6\n Oak\t10\n<end>\n<start>\n a\t0\n⏎\t5\n<end>\n\n"
    ) in question
    assert "without zeros" not in question
    assert question.endswith("what it looks for is")


def test_oai_repeats_sparse_records_without_zeros() -> None:
    silent = "|".join(f" b{at}" for at in range(12))
    texts = [f"* top| half+0.5| faint+0.04|{silent}", " c|* d"]
    known = scored([example(texts[0]), example(texts[1], 0.6)])
    question = shown("oai_token-act-pair", known)
    told, repeated = question.split("\n\nThe same records without zeros:\n\n")
    assert " faint\t0\n b0\t0\n" in told
    assert repeated.startswith(
        "<start>\n top\t10\n half\t5\n<end>\n<start>\n d\t6\n<end>\n\n"
    )


def test_oai_shows_ten_examples_whole() -> None:
    long = "|".join(["* top", *(f" b{at}" for at in range(200))])
    known = scored([example(long, 9), *falling(EXAMPLES)])
    question = shown("oai_token-act-pair", known).partition("without zeros")[0]
    assert question.count("<start>\n") == question.count("<end>\n") == 10
    assert " b199\t0" in question


# -- eleuther_acts ---------------------------------------------------------------------


def test_eleuther_marks_what_is_active() -> None:
    question = shown("eleuther_acts_top20", scored(falling(EXAMPLES)))
    lines = question.split("\n")
    assert lines[:4] == [
        "Example 1: Ann <<saw>> an <<Oak>> tree.",
        "Example 2: in <<the elm>>⏎was",
        "Example 3: no <<fir>>",
        "Example 4: a0 <<ash>> b0",
    ]
    assert len(lines) == 20


def test_eleuther_marks_above_six_tenths_of_each_example() -> None:
    texts = ["* top| at+0.6| above+0.61", "x|* weak| half+0.7"]
    known = scored([example(texts[0], 10), example(texts[1], 0.5)])
    lines = shown("eleuther_acts_top20", known).split("\n")
    assert lines == ["Example 1: <<top>> at <<above>>", "Example 2: x <<weak half>>"]


def test_eleuther_top5_tells_activations() -> None:
    texts = ['* top| say "+0.61', "x|* weak| half+0.7", *EXAMPLES[3:]]
    known = scored([example(text, 10 / 2**at) for at, text in enumerate(texts)])
    lines = shown("eleuther_acts_top5", known).split("\n")
    assert lines[:4] == [
        'Example 1: <<top say ">>',
        r'Activations: (" top" : 10), (" say \"" : 7)',
        "Example 2: x <<weak half>>",
        'Activations: (" weak" : 5), (" half" : 4)',
    ]
    assert len(lines) == 10


def test_eleuther_top5_tells_eleven_activations_at_most() -> None:
    text = "|".join(["* top", *(f" b{at}+0.9" for at in range(20))])
    _, values = shown("eleuther_acts_top5", scored([example(text)])).split("\n")
    assert values.count(" : ") == 11


# -- baez ------------------------------------------------------------------------------


CUTS = ["Ann saw an Oak", "in the elm", " no fir"]
THREE = "A letter.\n\nOf trees.\n \nThe word\nis a tree."


def test_baez_tells_verbalizations_with_activations() -> None:
    said = [
        verbalized(CUTS[2], "of firs"),
        verbalized(CUTS[0], THREE),
        verbalized(CUTS[0], "another sample", sample=1),
        verbalized("of no example", "nothing"),
    ]
    texts = falling(EXAMPLES[:3])
    known = scored(texts, verbalizations=said)
    assert shown("baez", known) == (
        "Example 1: A letter. Of trees. The word is a tree.\nActivation: 10\n\n"
        "Example 2: of firs\nActivation: 4"
    )
    assert shown("baez_last", known) == (
        "Example 1: The word is a tree.\nActivation: 10\n\n"
        "Example 2: of firs\nActivation: 4"
    )
    model = ScriptedModel(lambda prompt, wanted: "[EXPLANATION]: trees")
    made = method_named("baez_last").make(MethodParts(ProtocolSettings(), model))
    (label,) = labelled(made, known)
    assert isinstance(label, Label)
    assert label.examples == (example_id(texts[0]), example_id(texts[2]))
    assert "last paragraphs of the verbalizations of 2 examples" in label.reason


def test_baez_tells_activations_of_the_strongest_example() -> None:
    """Whether that one is put into words or not."""
    said = [verbalized(CUTS[2], "of firs")]
    question = shown("baez", scored(falling(EXAMPLES[:3]), verbalizations=said))
    assert question == "Example 1: of firs\nActivation: 4"


def test_baez_takes_nothing_that_is_said_of_the_feature_for_an_example() -> None:
    own = Verbalization(text="of trees", about="feature", origin="av")
    made = method_named("baez").make(MethodParts(ProtocolSettings()))
    assert isinstance(made, Asking)
    blank = scored([example("*\n|tree")], verbalizations=[own])
    assert made.asked([blank]) == []


def test_baez_reads_the_newest_verbalizer_that_speaks_of_its_examples() -> None:
    said = [
        verbalized(CUTS[0], "old", at="2026-01-01T00:00:00+00:00"),
        verbalized(CUTS[1], "newest", origin="b", at="2026-02-02T00:00:00+00:00"),
        verbalized(CUTS[0], "new", origin="b", at="2026-02-01T00:00:00+00:00"),
        verbalized("elsewhere", "later", origin="c", at="2026-03-03T00:00:00+00:00"),
    ]
    question = shown("baez", scored(falling(EXAMPLES[:3]), verbalizations=said))
    assert re.findall(r"Example \d: (.*)", question) == ["new", "newest"]


def test_baez_sees_no_verbalization_of_what_is_held_out() -> None:
    texts = [f" a{at}|* b{at}|c" for at in range(12)]
    examples = falling(texts)
    said = [
        verbalized(cut_after_top(clean_example(one)).text, f"said of {at}.")
        for at, one in enumerate(examples)
    ]
    known = scored(examples, verbalizations=said)
    question = shown("baez", known, hold_out=True)
    assert re.findall(r"said of (\d+)\.", question) == ["0", "2", "4", "6", "8", "10"]
    kept = scored(examples, verbalizations=said[1::2])
    made = method_named("baez").make(MethodParts(ProtocolSettings()))
    assert isinstance(made, Asking)
    assert made.asked([kept]) == []
