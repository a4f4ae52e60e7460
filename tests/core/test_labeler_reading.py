"""What of an answer is a label, and why the rest is none."""

from dataclasses import replace

import pytest

from glossator.labelers.answered_label import Reading, Unusable, label_in
from glossator.llm.chat_model import Answer, ChatPrompt, Turn
from glossator.llm.prompt_file import stored_prompt

INPUT = stored_prompt("name_input").filled(tokens="oak (10), elm (9)")
SHORT = Reading(says=True)
MARKED = Reading("[EXPLANATION]", most_words=30, sentences=True)
NARRATED = Reading("Explanation", never=r"\bmethod\s*\d")
CONTINUED = Reading(opening="it looks for", most_words=30, sentences=True)
PLAIN = ChatPrompt((Turn("user", "What is it?"),))


def read(
    text: str, reading: Reading, prompt: ChatPrompt = PLAIN, *, cut: bool = False
) -> str | Unusable:
    return label_in(Answer(text, "length" if cut else "stop"), reading, prompt)


# -- a label as the whole answer -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("trees", "trees"),
        ("\n\n  trees  \nThey are all kinds of trees.", "trees"),
        ("Label: trees", "trees"),
        ("**Label:** “trees”.", "trees"),
        ("[EXPLANATION]: trees", "trees"),
        ("The label is: 'trees'", "trees"),
        ("- trees", "trees"),
        ("- trees\n- shrubs", "trees, shrubs"),
        ("1. trees\n\n2. shrubs\n\nBoth grow.", "trees, shrubs"),
        ("1. trees", "trees"),
        ("`trees`", "trees"),
        ("1, 2 and 3", "1, 2 and 3"),
        ("2", "2"),
        ("say trees", "trees"),
        ('Say "trees"', "trees"),
        ("say: trees", "trees"),
        ("saying farewell", "saying farewell"),
        ('"yes" or "no"', '"yes" or "no"'),
        ('the word "yes"', 'the word "yes"'),
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
        ("here and there", "here and there"),
        ("sorry", "sorry"),
        ("being unable to move", "being unable to move"),
        ("tr\x00ees\u202e", "trees"),
        ("деревья", "деревья"),
    ],
)
def test_the_label_in_an_answer(text: str, label: str) -> None:
    assert label_in(Answer(text, "stop"), SHORT, INPUT, ("oak", "elm")) == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<think>a</think>", "holds no text"),
        ("<think>They are", "comes to no end"),
        ("I'm sorry, but I can't help with that.", "refuses"),
        ("Sorry, but no", "refuses"),
        ("I’m not able to tell", "refuses"),
        ("As an AI, I have no opinion", "refuses"),
        ("There is not enough context", "refuses"),
        ("Unclear.", "refuses"),
        ("none", "refuses"),
        ("…", "holds no word"),
        ('""', "holds no word"),
        ("trees \ufffd", "holds no word"),
        ("Sure! Here is a label:", "announces a label"),
        ("Label:", "holds no word"),
        ("Common theme:", "announces a label"),
        (" ".join(["tree"] * 13), "prose (13 words)"),
        ("x" * 121, "prose (1 words)"),
        ("This feature fires on trees.", "a sentence"),
        ("The tokens are trees", "a sentence"),
        ("It is trees.", "a sentence"),
        ("It’s trees", "a sentence"),
        ("Based on the list, trees", "talks"),
        ("Here are some trees", "talks"),
        ("Oak and elm are both trees", "a sentence"),
        ("oak, elm, maple", "only lists the tokens"),
        ("- oak\n- elm\n- maple", "only lists the tokens"),
        ("ash, fir, yew, fig, lime", "a list of 5"),
        ("Oak (10), elm (9), Maple (8)", "only lists the tokens"),
        ("tools", "repeats the prompt"),
        ("hammer, saw", "repeats the prompt"),
        ("one short label", "repeats the prompt"),
        ("Words.", "is true of any feature"),
    ],
)
def test_what_is_no_label(text: str, why: str) -> None:
    listed = ("oak", "elm", "maple")
    found = label_in(Answer(text, "stop"), SHORT, INPUT, listed)
    assert isinstance(found, Unusable)
    assert why in found.why


def test_what_repeats_the_prompt_may_be_the_features_own() -> None:
    assert label_in(Answer("tools", "stop"), SHORT, INPUT, ("tools", "elm")) == "tools"
    last = stored_prompt("name_input").filled(tokens="short, label (9)")
    assert read("short label", SHORT, last) == "short label"


@pytest.mark.parametrize(("n", "usable"), [(2, True), (7, True), (8, False)])
def test_a_passage_of_the_features_texts_is_no_label(n: int, *, usable: bool) -> None:
    """Some of its words may be."""
    words = ["the", "old", "oak", "fell", "on", "a", "shed", "in", "May"]
    prompt = ChatPrompt((Turn("user", f"Example 1: {' '.join(words)}."),))
    found = read(f"[EXPLANATION]: {' '.join(words[:n])}", MARKED, prompt)
    assert isinstance(found, str) is usable


def test_a_word_of_the_instructions_is_a_label_an_answer_of_theirs_is_not() -> None:
    turns = (
        Turn("system", "Name what the words share."),
        Turn("user", "red, blue"),
        Turn("assistant", "Method 1 succeeds.\nExplanation: colours"),
        Turn("user", "Ann, Bob"),
    )
    prompt = ChatPrompt(turns)
    assert read("Explanation: name", NARRATED, prompt) == "name"
    assert read("Explanation: red", NARRATED, prompt) == "red"
    assert isinstance(read("Explanation: colours", NARRATED, prompt), Unusable)
    assert isinstance(read("Explanation: the words share", NARRATED, prompt), Unusable)


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
    assert read(text, SHORT, cut=True) == (label or Unusable("which is cut off"))


# -- a label after a marker ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("[EXPLANATION]: Trees in autumn.", "Trees in autumn"),
        ("[EXPLANATION]: Say yes", "Say yes"),
        ("Step 1: oak.\n\n[EXPLANATION]: Trees", "Trees"),
        ("**[EXPLANATION]:** Trees", "Trees"),
        ("[EXPLANATION]:\n\nTrees\n\nI hope this helps!", "Trees"),
        ("[EXPLANATION]: first guess\nNo.\n[EXPLANATION]: Trees", "Trees"),
        ("[Explanation] : Trees", "Trees"),
        ("I'm not sure at first.\n[EXPLANATION]: Trees", "Trees"),
        (
            "[EXPLANATION]: The feature is active on oaks, elms, pines, firs and figs.",
            "The feature is active on oaks, elms, pines, firs and figs",
        ),
        ("[EXPLANATION]:\n- Trees\n- Shrubs", "Trees, Shrubs"),
        ("<think>[EXPLANATION]: no</think>[EXPLANATION]: Trees", "Trees"),
    ],
)
def test_a_label_follows_the_last_marker(text: str, label: str) -> None:
    assert read(text, MARKED) == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Trees in autumn.", "which holds no “[EXPLANATION]:”"),
        ("EXPLANATION: Trees", "which holds no “[EXPLANATION]:”"),
        ("I cannot tell.", "which refuses"),
        ("[EXPLANATION]: I cannot tell.", "which refuses"),
        ("[EXPLANATION]:", "which holds no text"),
        ("[EXPLANATION]: Trees\n[EXPLANATION]:\n", "which holds no text"),
        ("[EXPLANATION]: " + "tree " * 31, "which is prose (31 words)"),
        ("[EXPLANATION]: Sure, here it comes", "which talks to a person"),
    ],
)
def test_without_a_label_after_the_marker_there_is_none(text: str, why: str) -> None:
    assert read(text, MARKED) == Unusable(why)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Step 1: oaks and", Unusable("which is cut off before “[EXPLANATION]:”")),
        ("[EXPLANATION]: Trees that", Unusable("which is cut off")),
        ("[EXPLANATION]: Trees\nThat", "Trees"),
    ],
)
def test_marked_and_cut_off(text: str, found: str | Unusable) -> None:
    assert read(text, MARKED, cut=True) == found


# -- narrated and continued answers ----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Method 1 fails.\nMethod 2 succeeds.\nExplanation: trees.", "trees"),
        ("Explanation: say trees", "say trees"),
        ('Explanation: "say trees"', "say trees"),
        ('Explanation: say "trees"', 'say "trees"'),
        ("Explanation: oaks. Explanation: trees", "trees"),
        (
            "Explanation: method 2 succeeds",
            Unusable("which speaks of how it was asked"),
        ),
        ("Method 1 succeeds: trees", Unusable("which holds no “Explanation:”")),
        ("Explanation: These are all trees.", Unusable("which is a sentence")),
    ],
)
def test_a_narrated_answer(text: str, found: str | Unusable) -> None:
    assert read(text, NARRATED) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("trees in autumn.", "trees in autumn"),
        ("Feature 4: It looks for trees in autumn.", "trees in autumn"),
        ("It looks for:\n\ntrees in autumn", "trees in autumn"),
        ("trees in autumn\n\nFeature 5: it looks for", "trees in autumn"),
        (
            "names of oak, elm, fir, fig and lime",
            "names of oak, elm, fir, fig and lime",
        ),
        ("It looks for:", Unusable("which holds no text")),
    ],
)
def test_a_continued_sentence(text: str, found: str | Unusable) -> None:
    assert read(text, CONTINUED) == found


def test_each_method_has_its_own_length() -> None:
    text = " ".join(["tree"] * 20)
    assert read(text, replace(SHORT, most_words=20)) == text
    assert read(text, replace(SHORT, most_words=19)) == Unusable(
        "which is prose (20 words)"
    )
