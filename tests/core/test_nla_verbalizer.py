"""A verbalizer writes the text of the direction that it is given, and of nothing else.

Trained checkpoints of two architectures, one of which scales its embeddings.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM

from glossator.errors import Cancelled, VerbalizeError
from glossator.progress import CancelToken, Progress, drive
from glossator.verbalize.activation_verbalizer import ActivationVerbalizer, _Row
from glossator.verbalize.checkpoint import placement
from glossator.verbalize.description import Description, Sampling
from glossator.verbalize.draws import Draws
from glossator.verbalize.halving import HalvingBatches
from tests.core.tiny_nla import LAYER, SCALE, TEXTS, TinyPair, copied, pair, qwen_pair

__all__ = ["pair", "qwen_pair"]

GREEDY = Sampling(temperature=0.0, max_new_tokens=40)
DRAWN = Sampling(n_samples=3, temperature=2.5, max_new_tokens=12, seed=7)


@pytest.fixture(scope="module")
def verbalizer(pair: TinyPair) -> ActivationVerbalizer:
    return ActivationVerbalizer.open(str(pair.av), device="cpu")


@pytest.fixture(scope="module")
def qwen(qwen_pair: TinyPair) -> ActivationVerbalizer:
    return ActivationVerbalizer.open(str(qwen_pair.av), device="cpu")


@pytest.fixture
def spoilt(qwen_pair: TinyPair) -> ActivationVerbalizer:
    """One that a test may change."""
    return ActivationVerbalizer.open(str(qwen_pair.av), device="cpu")


def describe(
    verbalizer: ActivationVerbalizer,
    vectors: NDArray[np.float32],
    sampling: Sampling = GREEDY,
    *,
    layer: int = LAYER,
    extrapolate: str = "",
    prompt: str = "",
) -> tuple[Description, ...]:
    work = verbalizer.describe(
        vectors,
        layer=layer,
        sampling=sampling,
        cancel=CancelToken(),
        extrapolate=extrapolate,
        prompt=prompt,
    )
    return drive(work, lambda progress: None)


def texts(descriptions: Sequence[Description]) -> tuple[str, ...]:
    return tuple(description.text for description in descriptions)


def test_each_direction_gives_its_own_text(
    verbalizer: ActivationVerbalizer, pair: TinyPair
) -> None:
    found = describe(verbalizer, pair.directions)
    assert texts(found) == TEXTS
    assert [(d.vector, d.sample, d.ending) for d in found] == [
        (0, 0, ""),
        (1, 0, ""),
        (2, 0, ""),
    ]


@pytest.mark.parametrize("length", [0.37, 912.0])
def test_the_length_of_a_vector_does_not_matter(
    verbalizer: ActivationVerbalizer, pair: TinyPair, length: float
) -> None:
    longer = pair.directions * np.float32(length)
    assert texts(describe(verbalizer, longer)) == TEXTS
    assert describe(verbalizer, longer, DRAWN) == describe(
        verbalizer, pair.directions, DRAWN
    )


def test_the_sign_of_a_vector_matters(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    assert texts(describe(qwen, -qwen_pair.directions)) != TEXTS


def test_a_row_is_replaced_and_the_others_are_the_models_own(
    verbalizer: ActivationVerbalizer, pair: TinyPair
) -> None:
    rows = verbalizer.embedded(pair.directions * np.float32(31))
    model = AutoModelForCausalLM.from_pretrained(pair.av)
    prompt = verbalizer._prompt
    looked_up = model.get_input_embeddings()(torch.tensor(prompt.ids))
    weight = model.state_dict()["model.embed_tokens.weight"][list(prompt.ids)]
    factor = 8.0 if pair.architecture == "gemma3" else 1.0
    assert torch.equal(looked_up, weight * factor)
    for row, direction in zip(rows, pair.directions, strict=True):
        injected = row[prompt.position].numpy()
        assert np.linalg.norm(injected) == pytest.approx(SCALE, rel=1e-6)
        assert injected / SCALE == pytest.approx(direction, abs=1e-6)
        others = [at for at in range(len(prompt.ids)) if at != prompt.position]
        assert torch.equal(row[others], looked_up[others])


def test_the_prompt_begins_as_in_training(
    verbalizer: ActivationVerbalizer, pair: TinyPair
) -> None:
    start = verbalizer._tokenizer.convert_ids_to_tokens([*verbalizer._prompt.ids[:2]])
    first = {"qwen2": "<|im_start|>", "gemma3": "<bos>"}[pair.architecture]
    assert start[0] == first
    assert start[1] != first


def test_a_wrong_embedding_scale_changes_every_text(
    pair: TinyPair,
) -> None:
    spoilt = ActivationVerbalizer.open(str(pair.av), device="cpu")
    embeddings = spoilt._model.get_input_embeddings()
    with torch.no_grad():
        # As if Gemma's factor were applied twice at a width of 3,840.
        embeddings.weight.mul_(62)  # type: ignore[operator]
    found = texts(describe(spoilt, pair.directions))
    assert all(one != other for one, other in zip(found, TEXTS, strict=True))


def test_in_bf16_the_texts_are_the_same(pair: TinyPair) -> None:
    verbalizer = ActivationVerbalizer.open(str(pair.av), device="cpu", dtype="bfloat16")
    assert verbalizer.embedded(pair.directions).dtype == torch.bfloat16
    assert texts(describe(verbalizer, pair.directions)) == TEXTS


def test_weights_in_several_files(qwen_pair: TinyPair, tmp_path: Path) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    (folder / "model.safetensors").unlink()
    model = AutoModelForCausalLM.from_pretrained(qwen_pair.av)
    model.save_pretrained(folder, max_shard_size="200KB")
    assert len([*folder.glob("model-*.safetensors")]) > 2
    qwen = ActivationVerbalizer.open(str(folder), device="cpu")
    assert texts(describe(qwen, qwen_pair.directions)) == TEXTS


def test_a_batch_gives_what_single_vectors_give(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    for sampling in (GREEDY, DRAWN):
        together = describe(qwen, qwen_pair.directions, sampling)
        alone = [
            description
            for at in range(len(TEXTS))
            for description in describe(
                qwen, qwen_pair.directions[at : at + 1], sampling
            )
        ]
        assert texts(together) == texts(alone)


def test_samples_differ_and_can_be_drawn_again(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    found = describe(qwen, qwen_pair.directions, DRAWN)
    assert [(d.vector, d.sample) for d in found] == [
        (vector, sample) for vector in range(3) for sample in range(3)
    ]
    for of_one in (texts(found[:3]), texts(found[3:6]), texts(found[6:])):
        assert len(set(of_one)) == 3
    assert found == describe(qwen, qwen_pair.directions, DRAWN)
    other = dataclasses.replace(DRAWN, seed=8)
    assert texts(found) != texts(describe(qwen, qwen_pair.directions, other))


def test_draws_follow_the_whole_distribution() -> None:
    scores = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    rows = 128
    draws = Draws([*range(rows)], temperature=2.0, seed=1)
    counts = torch.zeros(4)
    for _ in range(200):
        noisy = draws(torch.zeros(rows, 0, dtype=torch.int64), scores.expand(rows, 4))
        counts += torch.bincount(noisy.argmax(dim=1), minlength=4)
    expected = torch.softmax(scores / 2.0, dim=0)
    assert (counts / counts.sum()).tolist() == pytest.approx(
        expected.tolist(), abs=0.01
    )


def test_where_memory_lacks_batches_halve(
    spoilt: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    expected = describe(spoilt, qwen_pair.directions, DRAWN)
    sizes: list[int] = []

    def small(module: object, given: object, named: dict[str, torch.Tensor]) -> None:
        rows = len(named["inputs_embeds"]) if "inputs_embeds" in named else 0
        sizes.append(rows)
        if rows > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    spoilt._model.register_forward_pre_hook(small, with_kwargs=True)
    assert describe(spoilt, qwen_pair.directions, DRAWN) == expected
    assert [size for size in sizes if size] == [8, 4, 2, 2, 2, 2, 1]
    assert spoilt._batches.size == 2


def test_other_errors_of_a_batch_are_told() -> None:
    def broken(batch: Sequence[int]) -> int:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        [*HalvingBatches(4).over([1, 2, 3], broken)]


def test_a_text_that_is_cut_off_says_so(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    short = Sampling(temperature=0.0, max_new_tokens=10)
    for found, whole in zip(
        describe(qwen, qwen_pair.directions, short), TEXTS, strict=True
    ):
        assert found.ending == "truncated"
        assert found.text
        assert whole.startswith(found.text)


def test_writing_ends_at_the_closing_tag(
    spoilt: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    spoilt._model.generation_config.eos_token_id = None
    written = spoilt._written(
        [_Row(0, 0)], qwen_pair.directions, spoilt._prompt, GREEDY
    )
    assert written == [f"<explanation>\n{TEXTS[0]}\n</explanation>"]


def test_a_job_tells_where_it_is_and_stops_between_batches(
    spoilt: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    spoilt._batches.size = 2
    cancel = CancelToken()
    steps: list[Progress] = []
    work = spoilt.describe(
        qwen_pair.directions, layer=LAYER, sampling=GREEDY, cancel=cancel
    )

    def note(progress: Progress) -> None:
        steps.append(progress)
        if progress.done == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        drive(work, note)
    assert [(step.done, step.total) for step in steps] == [(0, 3), (2, 3)]


def test_a_prompt_of_ones_own(qwen: ActivationVerbalizer, qwen_pair: TinyPair) -> None:
    prompt = (
        "Here is the vector:\n\n<foo><INJECT></foo>\n\nPlease provide an explanation."
    )
    found = describe(qwen, qwen_pair.directions, prompt=prompt)
    assert [bool(d.text) for d in found] == [True] * 3
    canonical = qwen.sidecar.template.replace("{injection_char}", "<INJECT>")
    assert texts(describe(qwen, qwen_pair.directions, prompt=canonical)) == TEXTS


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("What is this?", "once, not 0 times"),
        ("<a><INJECT></a> <b><INJECT></b>", "once, not 2 times"),
        ("<concept> <INJECT> </concept>", "between"),
        ("<INJECT>", "between"),
        ("㈎ <concept><INJECT></concept>", "2 of the prompt's tokens"),
    ],
)
def test_prompts_that_are_refused(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair, prompt: str, told: str
) -> None:
    with pytest.raises(VerbalizeError, match=told) as refused:
        describe(qwen, qwen_pair.directions, prompt=prompt)
    assert refused.value.field == "prompt"


def _with(vectors: NDArray[np.float32], value: float) -> NDArray[np.float32]:
    changed = vectors.copy()
    changed[1, 5] = value
    return changed


def test_vectors_that_are_refused(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    good = qwen_pair.directions
    empty = good.copy()
    empty[2] = 0
    for vectors, told in (
        (good[:, :63], "63 numbers, and it reads 64"),
        (_with(good, np.nan), r"vectors\[1\]: the vector is NaN"),
        (_with(good, np.inf), r"vectors\[1\]: the vector is NaN or infinite"),
        (empty, r"vectors\[2\]: the vector is zero"),
    ):
        with pytest.raises(VerbalizeError, match=told):
            describe(qwen, vectors)


def test_another_layer_takes_a_reason_which_is_kept(
    qwen: ActivationVerbalizer, qwen_pair: TinyPair
) -> None:
    for given in ("", "  "):
        with pytest.raises(VerbalizeError, match=r"of layer 2, .* layer 1") as refused:
            describe(qwen, qwen_pair.directions, layer=2, extrapolate=given)
        assert refused.value.field == "layer"
    reason = "written at layer 2, read at layer 1"
    found = describe(qwen, qwen_pair.directions, layer=2, extrapolate=reason)
    assert {d.extrapolates for d in found} == {reason}


@pytest.mark.parametrize(
    ("sampling", "field"),
    [
        (Sampling(n_samples=0), "samples"),
        (Sampling(n_samples=2, temperature=0.0), "temperature"),
        (Sampling(temperature=-1.0), "temperature"),
        (Sampling(temperature=float("nan")), "temperature"),
        (Sampling(max_new_tokens=0), "max_new_tokens"),
    ],
)
def test_sampling_that_is_refused(sampling: Sampling, field: str) -> None:
    with pytest.raises(VerbalizeError) as refused:
        sampling.checked()
    assert refused.value.field == field


def test_no_vector_no_text(qwen: ActivationVerbalizer, qwen_pair: TinyPair) -> None:
    assert describe(qwen, qwen_pair.directions[:0]) == ()


def test_numbers_by_device() -> None:
    assert placement("cpu", "auto").dtype == torch.float32
    assert placement("cuda:1", "auto").dtype == torch.bfloat16
    assert placement("mps", "auto").dtype == torch.bfloat16
    assert placement("cpu", "float16").dtype == torch.float16
    with pytest.raises(VerbalizeError, match="abacus"):
        placement("abacus", "auto")
