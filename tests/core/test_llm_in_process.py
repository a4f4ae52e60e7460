"""Chat models in this process: real ones, tiny and trained on the spot."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
import torch
from safetensors.torch import load_file, save_file

from glossator.errors import Cancelled, ModelError
from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatPrompt,
    NoAnswer,
    Replied,
    Reply,
    Turn,
    Wanted,
)
from glossator.llm.in_process import InProcessModel
from glossator.llm.open_chat_model import open_chat_model
from glossator.progress import CancelToken, Progress, drive
from tests.core.tiny_chat import CHAT, ENDS, NO_SYSTEM, prompt, save_tiny_chat

SHORT, LINES, ENDLESS, BLANK = map(
    prompt, ("saw, hammer", "red, blue and green", "one", "nothing at all, or so")
)
ANSWERS = {
    SHORT: f"tools{ENDS}",
    LINES: f"\ncolours\nno no no no no{ENDS}",
    ENDLESS: "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    BLANK: f" {ENDS}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_chat(tmp_path_factory.mktemp("tiny"), ANSWERS)


@pytest.fixture
def model(folder: Path) -> InProcessModel:
    return InProcessModel.open(str(folder), device="cpu")


def ask(
    model: InProcessModel,
    *names: str,
    max_tokens: int = 16,
    one_line: bool = False,
) -> list[Reply]:
    prompts = [dict(zip("slen", ANSWERS, strict=True))[name] for name in names]
    work = model.complete(prompts, CancelToken(), Wanted(max_tokens, one_line=one_line))
    return plain(drive(work, lambda progress: None))


class Generate(Protocol):
    def __call__(self, **options: object) -> object: ...


def plain(replies: list[Reply]) -> list[Answer | NoAnswer]:
    """Without what they used."""
    return [replace(reply, usage=None) for reply in replies]


TOOLS = Answer("tools", "stop")
COLOURS = Answer("colours\nno no no no no", "stop")


def test_answers_come_in_the_order_of_the_prompts(model: InProcessModel) -> None:
    short, lines, endless, blank = ask(model, "s", "l", "e", "n")
    assert short == TOOLS
    assert lines == COLOURS
    assert blank == NoAnswer("the answer is empty")
    assert isinstance(endless, Answer)
    assert endless.ended == "length"
    assert endless.text.startswith("a b c")


def test_other_prompts_change_no_answer(model: InProcessModel) -> None:
    together = ask(model, *"slenslen")
    assert together == [ask(model, name)[0] for name in "slenslen"]
    torch.manual_seed(1)
    for parameter in model._model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    strange = [prompt("zebra" * n) for n in (1, 5, 60)]
    work = model.complete(strange, CancelToken(), Wanted(16))
    for asked, found in zip(strange, drive(work, lambda _: None), strict=True):
        alone = model.complete([asked], CancelToken(), Wanted(16))
        assert drive(alone, lambda _: None) == [found]


def test_one_line_is_the_first_that_holds_text(model: InProcessModel) -> None:
    assert ask(model, "l", "s", one_line=True) == [Answer("colours", "stop"), TOOLS]


def test_prompts_are_answered_in_batches(model: InProcessModel) -> None:
    steps: list[Progress] = []
    model._batch_tokens = 60
    work = model.complete([SHORT, LINES] * 4, CancelToken(), Wanted(16))
    found = drive(work, lambda progress: steps.append(progress))
    assert plain(found) == [TOOLS, COLOURS] * 4
    assert len(steps) > 2
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {step.total for step in steps} == {8}


def test_every_reply_goes_ahead_once(model: InProcessModel) -> None:
    model._batch_tokens = 60
    long = prompt("saw " * 600)
    work = model.complete([SHORT, long, LINES, BLANK], CancelToken(), Wanted(16))
    ahead: list[Replied] = []

    def note(progress: Progress) -> None:
        assert isinstance(progress, AnswerProgress)
        ahead.extend(progress.replied)

    found = drive(work, note)
    assert sorted(one.at for one in ahead) == [0, 1, 2, 3]
    assert all(found[one.at] == one.reply for one in ahead)


def test_prompts_are_taken_a_few_batches_ahead(model: InProcessModel) -> None:
    """So that batches are of similar length; not all of a large set at once."""
    taken = known = 0

    def prompts() -> Iterator[ChatPrompt]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield SHORT

    model._batch_tokens = 60
    most_ahead = 0
    for step in model.complete(prompts(), CancelToken(), Wanted(16)):
        assert isinstance(step, AnswerProgress)
        assert step.total == 0
        most_ahead = max(most_ahead, taken - known)
        known += len(step.replied)
    assert known == 100
    assert most_ahead < 50


def test_what_an_answer_used(model: InProcessModel) -> None:
    """Tokens of the prompt, and of the answer with the sign that ends it."""
    work = model.complete([SHORT, BLANK, ENDLESS], CancelToken(), Wanted(7))
    short, blank, endless = drive(work, lambda _: None)
    assert short.usage is not None
    assert blank.usage is not None
    assert endless.usage is not None
    assert short.usage.prompt_tokens == len(model._ids(SHORT))
    tools = model._tokenizer.encode("tools", add_special_tokens=False)
    assert short.usage.answer_tokens == len(tools) + 1
    assert blank.usage.answer_tokens > 0
    assert endless.usage.answer_tokens == 7


def test_an_answer_that_waits_for_others_uses_no_more(model: InProcessModel) -> None:
    wanted = Wanted(30, one_line=True, odds=True)
    alone = drive(model.complete([LINES], CancelToken(), wanted), lambda _: None)
    both = model.complete([LINES, ENDLESS], CancelToken(), wanted)
    first, endless = drive(both, lambda _: None)
    assert endless.usage is not None
    assert endless.usage.answer_tokens == 30
    assert first.usage == alone[0].usage
    assert isinstance(first, Answer)
    assert [one.token for one in first.odds][-1].startswith("\n")


def test_odds_of_each_token(model: InProcessModel) -> None:
    work = model.complete([LINES, SHORT], CancelToken(), Wanted(16, odds=True))
    lines, short = drive(work, lambda _: None)
    assert isinstance(lines, Answer)
    assert isinstance(short, Answer)
    assert "".join(one.token for one in short.odds) == "tools"
    assert "".join(one.token for one in lines.odds).strip() == COLOURS.text
    for one in short.odds:
        odds = [probability for _, probability in one.likely]
        assert len(odds) == 5
        assert odds == sorted(odds, reverse=True)
        assert 0 < sum(odds) <= 1.000001
        assert one.likely[0] == (one.token, max(odds)), "it is what was learned"
        assert max(odds) > 0.5


def test_a_temperature_samples(model: InProcessModel) -> None:
    def words(temperature: float) -> set[str]:
        wanted = Wanted(16, temperature=temperature)
        work = model.complete([SHORT] * 20, CancelToken(), wanted)
        return {str(plain([reply])) for reply in drive(work, lambda _: None)}

    torch.manual_seed(0)
    assert len(words(0.0)) == 1
    assert len(words(5.0)) > 10


def test_half_a_character_is_read_as_a_sign(model: InProcessModel) -> None:
    half = prompt("saw, ham\ud83dmer")
    work = model.complete([half], CancelToken(), Wanted(16))
    assert isinstance(drive(work, lambda _: None)[0], Answer)
    assert model._ids(half) == model._ids(prompt("saw, ham?mer"))


def test_a_job_stops_within_a_batch(model: InProcessModel) -> None:
    class Later(CancelToken):
        """Cancelled while the model writes."""

        asked = 0

        @property
        def cancelled(self) -> bool:
            self.asked += 1
            if self.asked == 3:
                self.cancel()
            return super().cancelled

    cancel = Later()
    work = model.complete([ENDLESS], cancel, Wanted(200))
    with pytest.raises(Cancelled):
        drive(work, lambda progress: None)
    assert cancel.asked == 3, "the third token was the last"


def test_a_prompt_that_is_too_long(model: InProcessModel) -> None:
    long = prompt("saw " * 600)
    work = model.complete([SHORT, long], CancelToken(), Wanted(16))
    short, found = drive(work, lambda progress: None)
    assert plain([short]) == [TOOLS]
    assert isinstance(found, NoAnswer)
    assert "the model reads 512" in found.reason


def test_where_memory_lacks_batches_are_halved(
    model: InProcessModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate: Generate = model._model.generate  # type: ignore[assignment]  # a mixin's
    sizes: list[int] = []

    def scarce(input_ids: torch.Tensor, **options: object) -> object:
        sizes.append(len(input_ids))
        if len(input_ids) > 3:
            raise torch.OutOfMemoryError("out of memory")
        return generate(input_ids=input_ids, **options)

    monkeypatch.setattr(model._model, "generate", scarce)
    assert ask(model, *"slslslslsl") == ask(model, *"sl") * 5
    assert sizes[:3] == [10, 5, 2]
    assert max(sizes[2:]) <= 3


def test_a_model_that_cannot_be_run_is_told(
    model: InProcessModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> object:
        raise RuntimeError("an operation is\nnot there")

    monkeypatch.setattr(model._model, "generate", broken)
    with pytest.raises(ModelError, match=r"on cpu, .* is not there") as raised:
        ask(model, "s", "l")
    assert str(raised.value).startswith(model.name)


@pytest.mark.parametrize("chat", [NO_SYSTEM, ""])
def test_models_that_know_no_system_turn_or_no_turns(tmp_path: Path, chat: str) -> None:
    save_tiny_chat(tmp_path, {SHORT: f"tools{ENDS}"}, chat)
    model = InProcessModel.open(str(tmp_path), device="cpu")
    assert ask(model, "s") == [TOOLS]


def test_a_template_that_refuses_every_prompt(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    refusing = "{{ raise_exception('not like this') }}" + CHAT
    (tmp_path / "chat_template.jinja").write_text(refusing)
    model = InProcessModel.open(str(tmp_path), device="cpu")
    with pytest.raises(ModelError, match=r"chat template refuses .*not like this"):
        ask(model, "s")


def test_turns_without_a_system_turn_stay() -> None:
    asked = SHORT.without_system()
    assert asked.turns == (Turn("user", "Name it.\n\nsaw, hammer"),)
    assert asked.without_system() == asked


# -- opening ---------------------------------------------------------------------------


def test_a_folder(folder: Path) -> None:
    opened = open_chat_model(str(folder))
    assert isinstance(opened, InProcessModel)
    assert opened.name == str(folder)
    assert ask(opened, "s") == [TOOLS]


OPEN = """
import socket, sys
def no_network(*_, **__):
    sys.exit("the network was asked")
socket.getaddrinfo = no_network
from glossator.llm.open_chat_model import open_chat_model
print([open_chat_model(name).name for name in sys.argv[1:]])
"""


def test_what_is_here_is_opened_without_the_network(
    folder: Path, tmp_path: Path
) -> None:
    """A folder, and a model in the cache of the hub, which is named by its revision."""
    cached = tmp_path / "models--some--model"
    revision = "0123456789abcdef0123456789abcdef01234567"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(revision)
    shutil.copytree(folder, cached / "snapshots" / revision)
    online = os.environ | {"HF_HUB_OFFLINE": "0", "HF_HUB_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder), "some/model"],
        env=online,
        capture_output=True,
        text=True,
        check=False,
    )
    names = [str(folder), f"some/model@{revision[:12]}"]
    assert done.stdout.splitlines() == [str(names)], done.stderr


@pytest.mark.parametrize("name", ["nowhere/none", "llama3.2:3b", "not a name", "."])
def test_no_such_model(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        open_chat_model(str(tmp_path) if name == "." else name)
    told = str(raised.value)
    assert "\n" not in told
    if name == ".":
        assert "in this folder" in told
    else:
        assert told.startswith(f"{name}: no such folder")
        assert "http://localhost:11434/v1" in told


def test_weights_that_are_missing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    del weights["model.norm.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing, such as model\.norm"):
        open_chat_model(str(tmp_path))


def test_weights_that_are_pickled_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "model.safetensors"
    torch.save(load_file(path), tmp_path / "pytorch_model.bin")
    path.unlink()
    with pytest.raises(ModelError, match="in this folder"):
        open_chat_model(str(tmp_path))


def test_code_of_a_model_is_not_run(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text("raise SystemExit('code was run')")
    with pytest.raises(ModelError, match="in this folder"):
        open_chat_model(str(tmp_path))
