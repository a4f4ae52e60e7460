"""Tokens as the tokenizers of real models store them, as text.

The tables were written by the models' own tokenizers from ``TEXTS``; tokens are parted
by bars. A token that only completes a character of an earlier one is empty as text.
"""

import itertools

import numpy as np
import pytest

from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import (
    distinct_examples,
    is_special,
    readable_tokens,
)

TEXTS = [
    "“It’s” – fine",
    "Hi 😀 🤷🏽!",
    "我爱天安门。",
    "日本語 한국어",
    "naïve Żółć čaj",
    "Привет, мир",
    "Ελλάδα",
    "שלום عالم ٣",
    "a\n\nb\n\tc\r\nd",
    "if x:\n    y = 2\n\treturn",
    "In 2024, 3.1",
    "  two  gaps",
    "5 × ½ ≤ €7",
    "a\xa0b\u200bc \x0cd",
    "龘 𠀀",
    "a Ġ b Ċ",
    "<0x41> \\xe2 [x]",
]
FAMILIES = {
    "Gemma 2": [
        ("“|It|’|s|”|▁–|▁fine", "“|It|’|s|”| –| fine"),
        ("Hi|▁😀|▁🤷|🏽|!", "Hi| 😀| 🤷|🏽|!"),
        ("我|爱|天|安|门|。", "我|爱|天|安|门|。"),
        ("日本語|▁한국|어", "日本語| 한국|어"),
        ("na|ï|ve|▁Ż|ół|ć|▁čaj", "na|ï|ve| Ż|ół|ć| čaj"),
        ("Привет|,|▁мир", "Привет|,| мир"),
        ("Ε|λλά|δα", "Ε|λλά|δα"),
        ("שלום|▁عالم|▁|٣", "שלום| عالم| |٣"),
        ("a|\n\n|b|\n|\t|c|\r|\n|d", "a|\n\n|b|\n|\t|c|\r|\n|d"),
        (
            "if|▁x|:|\n|▁▁▁▁|y|▁=|▁|2|\n|\t|return",
            "if| x|:|\n|    |y| =| |2|\n|\t|return",
        ),
        ("In|▁|2|0|2|4|,|▁|3|.|1", "In| |2|0|2|4|,| |3|.|1"),
        ("▁▁|two|▁▁|gaps", "  |two|  |gaps"),
        ("5|▁×|▁½|▁≤|▁€|7", "5| ×| ½| ≤| €|7"),
        ("a|\xa0|b|\u200b|c|▁|\x0c|d", "a|\xa0|b|\u200b|c| |\x0c|d"),
        ("龘|▁|<0xF0>|<0xA0>|<0x80>|<0x80>", "龘| |𠀀|||"),
        ("a|▁|Ġ|▁b|▁|Ċ", "a| |Ġ| b| |Ċ"),
        ("<|0|x|4|1|>|▁\\|xe|2|▁[|x|]", "<|0|x|4|1|>| \\|xe|2| [|x|]"),
    ],
    "Llama 2": [
        ("▁“|It|’|s|”|▁–|▁fine", " “|It|’|s|”| –| fine"),
        ("▁Hi|▁|😀|▁|🤷|🏽|!", " Hi| |😀| |🤷|🏽|!"),
        ("▁|我|爱|天|安|门|。", " |我|爱|天|安|门|。"),
        ("▁|日|本|語|▁|한|국|어", " |日|本|語| |한|국|어"),
        ("▁na|ï|ve|▁Ż|ół|ć|▁č|aj", " na|ï|ve| Ż|ół|ć| č|aj"),
        ("▁При|вет|,|▁ми|р", " При|вет|,| ми|р"),
        ("▁|Ε|λ|λ|ά|δ|α", " |Ε|λ|λ|ά|δ|α"),
        ("▁|ש|ל|ו|ם|▁|ع|ال|م|▁|<0xD9>|<0xA3>", " |ש|ל|ו|ם| |ع|ال|م| |٣|"),
        (
            "▁a|<0x0A>|<0x0A>|b|<0x0A>|<0x09>|c|\r|<0x0A>|d",
            " a|\n|\n|b|\n|\t|c|\r|\n|d",
        ),
        (
            "▁if|▁x|:|<0x0A>|▁▁▁|▁y|▁=|▁|2|<0x0A>|<0x09>|return",
            " if| x|:|\n|   | y| =| |2|\n|\t|return",
        ),
        ("▁In|▁|2|0|2|4|,|▁|3|.|1", " In| |2|0|2|4|,| |3|.|1"),
        ("▁▁|▁two|▁|▁gaps", "  | two| | gaps"),
        ("▁|5|▁×|▁|½|▁|≤|▁€|7", " |5| ×| |½| |≤| €|7"),
        ("▁a|\xa0|b|\u200b|c|▁|\x0c|d", " a|\xa0|b|\u200b|c| |\x0c|d"),
        ("▁|<0xE9>|<0xBE>|<0x98>|▁|<0xF0>|<0xA0>|<0x80>|<0x80>", " |龘||| |𠀀|||"),
        ("▁a|▁|<0xC4>|<0xA0>|▁b|▁|<0xC4>|<0x8A>", " a| |Ġ|| b| |Ċ|"),
        ("▁<|0|x|4|1|>|▁\\|xe|2|▁[|x|]", " <|0|x|4|1|>| \\|xe|2| [|x|]"),
    ],
    "GPT-2": [
        ("âĢ|ľ|It|âĢ|Ļ|s|âĢ|Ŀ|ĠâĢĵ|Ġfine", "“||It|’||s|”|| –| fine"),
        ("Hi|ĠðŁĺ|Ģ|ĠðŁ|¤|·|ðŁ|ı|½|!", "Hi| 😀|| 🤷|||🏽|||!"),
        ("æĪ|ĳ|ç|Ī|±|å¤©|å®|ī|éĹ|¨|ãĢĤ", "我||爱|||天|安||门||。"),
        ("æĹ|¥|æľ|¬|èª|ŀ|Ġ|íķ|ľ|ê|µ|Ń|ì|ĸ|´", "日||本||語|| |한||국|||어||"),
        ("na|Ã¯ve|ĠÅ|»|Ã³|ÅĤ|Äĩ|ĠÄ|į|aj", "na|ïve| Ż||ó|ł|ć| č||aj"),
        ("Ð|Ł|ÑĢ|Ð¸|Ð²|Ðµ|ÑĤ|,|ĠÐ|¼|Ð¸|ÑĢ", "П||р|и|в|е|т|,| м||и|р"),
        ("Î|ķ|Î»|Î»|Î|¬|Î|´|Î±", "Ε||λ|λ|ά||δ||α"),
        ("×©|×ľ|×ķ|×|Ŀ|ĠØ|¹|Ø§ÙĦ|Ùħ|ĠÙ|£", "ש|ל|ו|ם|| ع||ال|م| ٣|"),
        ("a|Ċ|Ċ|b|Ċ|ĉ|c|č|Ċ|d", "a|\n|\n|b|\n|\t|c|\r|\n|d"),
        (
            "if|Ġx|:|Ċ|Ġ|Ġ|Ġ|Ġy|Ġ=|Ġ2|Ċ|ĉ|return",
            "if| x|:|\n| | | | y| =| 2|\n|\t|return",
        ),
        ("In|Ġ2024|,|Ġ3|.|1", "In| 2024|,| 3|.|1"),
        ("Ġ|Ġtwo|Ġ|Ġgaps", " | two| | gaps"),
        ("5|ĠÃĹ|ĠÂ½|Ġâī¤|ĠâĤ¬|7", "5| ×| ½| ≤| €|7"),
        ("a|Âł|b|âĢĭ|c|Ġ|Č|d", "a|\xa0|b|\u200b|c| |\x0c|d"),
        ("é¾|ĺ|Ġ|ð|ł|Ģ|Ģ", "龘|| |𠀀|||"),
        ("a|ĠÄ|ł|Ġb|ĠÄ|Ĭ", "a| Ġ|| b| Ċ|"),
        ("<|0|x|41|>|Ġ\\|xe|2|Ġ[|x|]", "<|0|x|41|>| \\|xe|2| [|x|]"),
    ],
    "Llama 3": [
        ("âĢľIt|âĢĻs|âĢĿ|ĠâĢĵ|Ġfine", "“It|’s|”| –| fine"),
        ("Hi|ĠðŁĺĢ|ĠðŁ|¤|·|ðŁ|ı|½|!", "Hi| 😀| 🤷|||🏽|||!"),
        ("æĪĳ|çĪ±|å¤©|å®ī|éĹ¨|ãĢĤ", "我|爱|天|安|门|。"),
        ("æĹ¥æľ¬|èªŀ|ĠíķľêµŃ|ìĸ´", "日本|語| 한국|어"),
        ("na|Ã¯|ve|ĠÅ|»|Ã³ÅĤ|Äĩ|ĠÄį|aj", "na|ï|ve| Ż||ół|ć| č|aj"),
        ("ÐŁÑĢ|Ð¸Ð²|ÐµÑĤ|,|ĠÐ¼Ð¸ÑĢ", "Пр|ив|ет|,| мир"),
        ("Îķ|Î»Î»Î¬|Î´Î±", "Ε|λλά|δα"),
        ("×©|×ľ|×ķ×|Ŀ|ĠØ¹Ø§ÙĦÙħ|Ġ|Ù£", "ש|ל|ום|| عالم| |٣"),
        ("a|ĊĊ|b|Ċ|ĉc|čĊ|d", "a|\n\n|b|\n|\tc|\r\n|d"),
        ("if|Ġx|:Ċ|ĠĠĠ|Ġy|Ġ=|Ġ|2|Ċ|ĉreturn", "if| x|:\n|   | y| =| |2|\n|\treturn"),
        ("In|Ġ|202|4|,|Ġ|3|.|1", "In| |202|4|,| |3|.|1"),
        ("Ġ|Ġtwo|Ġ|Ġgaps", " | two| | gaps"),
        ("5|ĠÃĹ|Ġ|Â½|Ġâī¤|ĠâĤ¬|7", "5| ×| |½| ≤| €|7"),
        ("a|Âłb|âĢĭ|c|Ġ|Č|d", "a|\xa0b|\u200b|c| |\x0c|d"),
        ("é¾|ĺ|Ġð|łĢ|Ģ", "龘|| 𠀀||"),
        ("a|ĠÄ|ł|Ġb|ĠÄ|Ĭ", "a| Ġ|| b| Ċ|"),
        ("<|0|x|41|>|Ġ\\|xe|2|Ġ[|x|]", "<|0|x|41|>| \\|xe|2| [|x|]"),
    ],
    "Qwen 2.5": [
        ("âĢľIt|âĢĻs|âĢĿ|ĠâĢĵ|Ġfine", "“It|’s|”| –| fine"),
        ("Hi|ĠðŁĺĢ|ĠðŁ|¤|·|ðŁı½|!", "Hi| 😀| 🤷|||🏽|!"),
        ("æĪĳ|çĪ±|å¤©|å®ī|éĹ¨|ãĢĤ", "我|爱|天|安|门|。"),
        ("æĹ¥æľ¬|èªŀ|ĠíķľêµŃ|ìĸ´", "日本|語| 한국|어"),
        ("na|Ã¯|ve|ĠÅ»|Ã³ÅĤ|Äĩ|ĠÄį|aj", "na|ï|ve| Ż|ół|ć| č|aj"),
        ("ÐŁÑĢ|Ð¸Ð²|ÐµÑĤ|,|ĠÐ¼Ð¸ÑĢ", "Пр|ив|ет|,| мир"),
        ("Îķ|Î»|Î»|Î¬|Î´|Î±", "Ε|λ|λ|ά|δ|α"),
        ("×©×ľ×ķ×Ŀ|ĠØ¹|Ø§ÙĦÙħ|Ġ|Ù|£", "שלום| ع|الم| |٣|"),
        ("a|ĊĊ|b|Ċ|ĉc|čĊ|d", "a|\n\n|b|\n|\tc|\r\n|d"),
        ("if|Ġx|:Ċ|ĠĠĠ|Ġy|Ġ=|Ġ|2|Ċ|ĉreturn", "if| x|:\n|   | y| =| |2|\n|\treturn"),
        ("In|Ġ|2|0|2|4|,|Ġ|3|.|1", "In| |2|0|2|4|,| |3|.|1"),
        ("Ġ|Ġtwo|Ġ|Ġgaps", " | two| | gaps"),
        ("5|ĠÃĹ|Ġ|Â½|Ġâī¤|ĠâĤ¬|7", "5| ×| |½| ≤| €|7"),
        ("a|Âł|b|âĢĭ|c|Ġ|Č|d", "a|\xa0|b|\u200b|c| |\x0c|d"),
        ("é¾|ĺ|Ġ|ð|łĢ|Ģ", "龘|| |𠀀||"),
        ("a|ĠÄ|ł|Ġb|ĠÄ|Ĭ", "a| Ġ|| b| Ċ|"),
        ("<|0|x|4|1|>|Ġ\\|xe|2|Ġ[|x|]", "<|0|x|4|1|>| \\|xe|2| [|x|]"),
    ],
    "SmolLM2": [
        ("âĢľ|It|âĢĻ|s|âĢĿ|ĠâĢĵ|Ġfine", "“|It|’|s|”| –| fine"),
        ("Hi|ĠðŁĺ|Ģ|ĠðŁ|¤|·|ðŁ|ı|½|!", "Hi| 😀|| 🤷|||🏽|||!"),
        ("æĪ|ĳ|ç|Ī|±|å¤|©|å®|ī|éĹ|¨|ãĢĤ", "我||爱|||天||安||门||。"),
        ("æĹ|¥|æľ¬|è|ª|ŀ|Ġ|íķ|ľ|ê|µ|Ń|ì|ĸ|´", "日||本|語||| |한||국|||어||"),
        ("na|Ã¯ve|ĠÅ|»|Ã³|ÅĤ|Äĩ|ĠÄ|į|aj", "na|ïve| Ż||ó|ł|ć| č||aj"),
        ("Ð|Ł|ÑĢÐ¸|Ð²|ÐµÑĤ|,|ĠÐ¼|Ð¸|ÑĢ", "П||ри|в|ет|,| м|и|р"),
        ("Î|ķ|Î»|Î»|Î¬|Î´|Î±", "Ε||λ|λ|ά|δ|α"),
        ("×©|×ľ|×ķ|×|Ŀ|ĠØ¹|Ø§ÙĦ|Ùħ|Ġ|Ù|£", "ש|ל|ו|ם|| ع|ال|م| |٣|"),
        ("a|Ċ|Ċ|b|Ċ|ĉ|c|č|Ċ|d", "a|\n|\n|b|\n|\t|c|\r|\n|d"),
        ("if|Ġx|:|ĊĠĠĠ|Ġy|Ġ=|Ġ|2|Ċ|ĉ|return", "if| x|:|\n   | y| =| |2|\n|\t|return"),
        ("In|Ġ|2|0|2|4|,|Ġ|3|.|1", "In| |2|0|2|4|,| |3|.|1"),
        ("Ġ|Ġtwo|Ġ|Ġgaps", " | two| | gaps"),
        ("5|ĠÃĹ|Ġ|Â½|Ġâī¤|ĠâĤ¬|7", "5| ×| |½| ≤| €|7"),
        ("a|Âł|b|âĢ|ĭ|c|Ġ|Č|d", "a|\xa0|b|\u200b||c| |\x0c|d"),
        ("é|¾|ĺ|Ġ|ð|ł|Ģ|Ģ", "龘||| |𠀀|||"),
        ("a|ĠÄ|ł|Ġb|ĠÄ|Ĭ", "a| Ġ|| b| Ċ|"),
        ("<|0|x|4|1|>|Ġ\\|xe|2|Ġ[|x|]", "<|0|x|4|1|>| \\|xe|2| [|x|]"),
    ],
}
SENTENCE_PIECE = ("Gemma 2", "Llama 2")
ROWS = [
    pytest.param(family, text, *row, id=f"{family}-{text}")
    for family, rows in FAMILIES.items()
    for text, row in zip(TEXTS, rows, strict=True)
]
BYTE_LEVEL = [row for row in ROWS if row.values[0] not in SENTENCE_PIECE]
# Which is an escape and which is text cannot be told.
WITHOUT_ESCAPES = [row for row in BYTE_LEVEL if "\\x" not in str(row.values[1])]
# The letters of these two, alone in a token, are letters of Czech.
WITHOUT_RETURNS = [
    row for row in BYTE_LEVEL if not {"\r", "\f"} & set(str(row.values[1]))
]


def _letters() -> dict[int, str]:
    """GPT-2's letters of the bytes, by their definition (``bytes_to_unicode``)."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {
        byte: chr(256 + n) for n, byte in enumerate(rest)
    }


LETTER = _letters()
BYTE = {letter: byte for byte, letter in LETTER.items()}


def _bytes(token: str) -> bytes:
    return bytes(BYTE[letter] for letter in token)


@pytest.mark.parametrize(("family", "text", "stored", "readable"), ROWS)
def test_stored_tokens_become_the_text(
    family: str, text: str, stored: str, readable: str
) -> None:
    texts = readable_tokens(stored.split("|"))
    assert list(texts) == readable.split("|")
    # Llama 2 writes a space before every text.
    assert "".join(texts) == (f" {text}" if family == "Llama 2" else text)


@pytest.mark.parametrize(("family", "text", "stored", "readable"), WITHOUT_ESCAPES)
def test_tokens_decoded_one_by_one_become_the_text(
    family: str, text: str, stored: str, readable: str
) -> None:
    r"""circuit-tracer decodes each token; a cut character stays as ``\xe2``."""
    tokens = [_bytes(t).decode(errors="backslashreplace") for t in stored.split("|")]
    assert list(readable_tokens(tokens)) == readable.split("|")


@pytest.mark.parametrize(("family", "text", "stored", "readable"), WITHOUT_RETURNS)
def test_tokens_with_spaces_put_in_become_the_text(
    family: str, text: str, stored: str, readable: str
) -> None:
    """SAEDashboard writes spaces and some marks, and leaves bytes as letters."""
    tokens = stored.replace("Ġ", " ").replace("Ċ", "\n").replace("ĉ", "\t").split("|")
    assert list(readable_tokens(tokens)) == readable.split("|")


@pytest.mark.parametrize(("family", "text", "stored", "readable"), BYTE_LEVEL)
def test_bytes_of_a_cut_character_stay_as_stored(
    family: str, text: str, stored: str, readable: str
) -> None:
    """Every stretch of the tokens, after a space that tells that these are bytes."""
    tokens = stored.split("|")
    for start, end in itertools.combinations(range(len(tokens) + 1), 2):
        part = ["Ġ", *tokens[start:end]]
        decoded = _bytes("".join(part)).decode(errors="surrogateescape")
        expected = "".join(
            LETTER[ord(c) - 0xDC00] if 0xDC80 <= ord(c) <= 0xDCFF else c
            for c in decoded
        )
        texts = readable_tokens(part)
        assert "".join(texts) == expected
        assert len(texts) == len(part)


@pytest.mark.parametrize(
    ("stored", "readable"),
    [
        # Decoded text, as Neuronpedia and circuit-tracer have it.
        (" Dallas|,| Texas|↵|↵|The", " Dallas|,| Texas|\n|\n|The"),
        ("▁Dallas|,|▁Texas|↵↵|The", " Dallas|,| Texas|\n\n|The"),
        (" na|ï|ve| caf|é|�", " na|ï|ve| caf|é|�"),
        # SentencePiece's text is in no bytes but those it marks.
        ("▁caf|Ã©|<0xE2>|<0x80>|<0x99>|s", " caf|Ã©|’|||s"),
        ("▁<|0|x|4|1|>", " <|0|x|4|1|>"),
        ("▁|<0x00>|<0x7F>|<0xe2>", " |\x00|\x7f|<0xe2>"),
        # Byte-level BPE has what looks like marks or escapes of others in bytes.
        ('Ġ"|\\xff|\\xaa|"', ' "|\\xff|\\xaa|"'),
        ("Ġâĸģ|ĠâĨµ|ĠâıĦ", " ▁| ↵| ⏄"),
        ("čĊ|čĊčĊ|č|Ċ|ĉĉ|Ċ", "\r\n|\r\n\r\n|\r|\n|\t\t|\n"),
        # Runs of spaces are tokens of their own in GPT-NeoX.
        ("if|Ġx|:|Ċ|        |return|ĠâĢĺ|x", "if| x|:|\n|        |return| ‘|x"),
        # Spaces put in, newlines not
        (" The|Ċ| cat|ĊĊ| sat|ĉ| down", " The|\n| cat|\n\n| sat|\t| down"),
        ("čĊ|č\n| Âł", "\r\n|\r\n| \xa0"),
        # Marks that are letters of the text: Maltese, Esperanto
        (" Ġan|u| u| Ċensu| ta’| Ġieħ", " Ġan|u| u| Ċensu| ta’| Ġieħ"),
        ("▁Ġan|u|▁Ċensu", " Ġan|u| Ċensu"),
        (" ĉiu| ĝi", " ĉiu| ĝi"),
        # Without a space or newline, letters tell by themselves.
        ("ä¸»|ä¹ī", "主|义"),
        ("ä¸»", "主"),
        ("Ð°|Ð½", "а|н"),
        ("Ð»", "л"),
        ("×©×¨", "שר"),
        ("Ø§", "ا"),
        ("Ã©", "é"),
        # Letters and signs that meet in real text
        ("«PIÙ|»", "«PIÙ|»"),
        ("SAMSØ|«", "SAMSØ|«"),
        ("«CAFÉ»", "«CAFÉ»"),
        ("GROß«", "GROß«"),
        # Bytes that are no UTF-8: overlong, surrogate, beyond Unicode
        ("Ġ|àĢĢ|íłĢ|ôĲĢĢ", " |àĢĢ|íłĢ|ôĲĢĢ"),
        # The name of a special token tells nothing of the rest.
        (
            "<｜begin▁of▁sentence｜>|Ċ|Ġcaf|Ã©|ä½łå¥½",
            "<｜begin▁of▁sentence｜>|\n| caf|é|你好",
        ),
    ],
)
def test_conventions(stored: str, readable: str) -> None:
    assert list(readable_tokens(stored.split("|"))) == readable.split("|")


SPECIALS = {
    "Gemma": "<bos> <eos> <pad> <unk> <mask> <start_of_turn> <end_of_turn> <unused7> "
    "<start_of_image> <end_of_image>",
    "Llama 2": "<s> </s> <unk>",
    "Llama 3": "<|begin_of_text|> <|end_of_text|> <|start_header_id|> "
    "<|end_header_id|> <|eot_id|> <|reserved_special_token_105|>",
    "GPT-2": "<|endoftext|>",
    "Qwen 2.5": "<|im_start|> <|im_end|> <|endoftext|> <|vision_start|> <|fim_prefix|>",
    "SmolLM2": "<|im_start|> <|im_end|> <|endoftext|> <repo_name> <reponame> "
    "<file_sep> <filename> <gh_stars> <issue_start> <jupyter_code> <empty_output>",
    "DeepSeek": "<｜begin▁of▁sentence｜> <｜User｜>",
    "BERT": "[CLS] [SEP] [PAD] [MASK] [UNK]",
}


CHATS = {
    "Gemma 2": ["<bos>", "<start_of_turn>", "user", "\n", "Hé", "<end_of_turn>", "\n"],
    "Llama 3": [
        *("<|begin_of_text|>", "<|start_header_id|>", "user", "<|end_header_id|>"),
        *("ĊĊ", "H", "Ã©", "<|eot_id|>"),
    ],
    "GPT-2": ["One", "Ġend", ".", "<|endoftext|>", "H", "Ã©", "<|endoftext|>", "Two"],
    "Qwen 2.5": ["<|im_start|>", "user", "Ċ", "H", "Ã©", "<|im_end|>", "Ċ"],
    "SmolLM2": ["<|im_start|>", "user", "Ċ", "H", "Ã©", "<|im_end|>", "Ċ"],
}


@pytest.mark.parametrize("family", CHATS)
def test_an_example_is_cut_at_special_tokens(family: str) -> None:
    tokens = tuple(CHATS[family])
    for top, token in enumerate(tokens):
        activations = np.zeros(len(tokens), np.float32)
        activations[top] = 1
        example = ActivationExample(tokens, activations)
        found = [clean.text(-256, 256) for clean in distinct_examples([example])]
        if token[:1] == "<":
            assert found == []
        elif token[:1] == "H":
            before = "user\n" if tokens[top - 1] in ("\n", "Ċ") else ""
            assert found == [f"{before}Hé"]


@pytest.mark.parametrize("family", SPECIALS)
def test_special_tokens_of_the_family(family: str) -> None:
    for token in SPECIALS[family].split():
        assert is_special(token), token
        assert readable_tokens([token, "Ġcaf", "Ã©"]) == (token, " caf", "é")


@pytest.mark.parametrize(
    "token",
    ["<h1>", "</table>", "<()>", "<?>>", "[][]", "[âĢ¦]", "[...]", "<code>", "<0x0A>"],
)
def test_tokens_of_text_that_look_special(token: str) -> None:
    assert not is_special(token)
