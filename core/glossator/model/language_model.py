"""A language model through TransformerLens: tokens in, values at hooks out.

Hooks go by TransformerLens' names (``blocks.3.mlp.hook_post``). Weights are the model's
own: nothing is folded or centred. A model's own code is never run.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from jaxtyping import Float, Int

from glossator.device import best_device
from glossator.errors import ModelError, ReplacementError
from glossator.model.native_attention import use_native_attention
from glossator.model.vocabulary import stored_texts

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformer_lens.hook_points import HookPoint
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]


@runtime_checkable
class HookReader(Protocol):
    """Takes what it needs of a hook's value."""

    def __call__(self, value: "Tensor", /) -> "Tensor": ...


class _AllRead(Exception):
    """The model has run as far as it must."""


class LanguageModel:
    """A causal language model on one device, in one number type."""

    def __init__(
        self,
        name: str,
        bridge: "TransformerBridge",
        tokenizer: "PreTrainedTokenizerBase",
        bos: int | None,
    ) -> None:
        self.name = name
        self.bos = bos
        """The token that begins a text, else one that ends it, else None."""
        self.d_model = int(bridge.cfg.d_model)
        self.n_layers = int(bridge.cfg.n_layers)
        self.longest = int(bridge.cfg.n_ctx)
        """Tokens that the model was made for at most."""
        self._bridge = bridge
        self._tokenizer = tokenizer

    @property
    def device(self) -> "torch.device":
        return next(self._bridge.parameters()).device

    @property
    def dtype(self) -> "torch.dtype":
        return next(self._bridge.parameters()).dtype

    def token_id(self, token: str) -> int:
        """Number of a token by its name, such as ``<|endoftext|>``.

        Raises
        ------
        ModelError
            if the vocabulary has no such token.
        """
        number = self._tokenizer.get_vocab().get(token)
        if number is None:
            raise ModelError(f"no token is called {token!r}", source=self.name)
        return int(number)

    def encode(self, text: str) -> list[int]:
        """Token ids, without special tokens around the text."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The same for many texts, on all cores."""
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        if backend is None:
            return [
                self._tokenizer.encode(text, add_special_tokens=False) for text in texts
            ]
        backend.no_truncation()
        backend.no_padding()
        found = backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in found]

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        r"""Text of each token by itself, by id.

        A space is a space; of a character that is cut the bytes stand as ``\xe2``; ids
        without a token are "".
        """
        texts, size = stored_texts(self._tokenizer), int(self._bridge.cfg.d_vocab)
        return (*texts, *[""] * (size - len(texts)))[:size]

    def token_texts(self, ids: Sequence[int]) -> list[str]:
        """Text of each token by itself, as evidence stores it (see `vocabulary`)."""
        return [self.vocabulary[number] for number in ids]

    def run(
        self, ids: "Int[Tensor, 'batch tokens']", hooks: Sequence[str]
    ) -> "dict[str, Tensor]":
        """Values at hooks, each [batch, tokens, width].

        Rows may be padded on the right with any token: attention is causal, so that
        nothing before the padding changes.

        Raises
        ------
        ModelError
            if the model has no such hook, or does not run past it.
        """
        values = self.read(ids, [(name, _whole) for name in hooks])
        return dict(zip(hooks, values, strict=True))

    def read(
        self,
        ids: "Int[Tensor, 'batch tokens']",
        readers: Sequence[tuple[str, HookReader]],
    ) -> "list[Tensor]":
        """What readers make of the values of their hooks, one a reader.

        The values are gone once they are read. The model stops at the last hook that
        is wanted, in general before the unembedding.

        Raises
        ------
        ModelError
            as `run`.
        """
        import torch

        found: dict[int, Tensor] = {}
        hooks = [
            (self._hook_name(name), partial(_catch, at, reader, found, len(readers)))
            for at, (name, reader) in enumerate(readers)
        ]
        if not hooks:
            return []
        with torch.no_grad():
            try:
                self._bridge.run_with_hooks(
                    ids.to(self.device),
                    fwd_hooks=[(name, hook) for name, hook in hooks],
                    return_type=None,
                    use_cache=False,
                )
            except _AllRead:
                pass
            except ValueError as gated:
                raise ModelError(str(gated), source=self.name) from gated
        silent = [name for at, (name, _) in enumerate(readers) if at not in found]
        if silent:
            raise ModelError(
                f"the model does not run past the hook {silent[0]}", source=self.name
            )
        return [found[at] for at in range(len(readers))]

    def unembed(self) -> "Float[Tensor, 'd_model d_vocab']":
        """Effect of the residual stream on the logits, in float32.

        The gain of the final norm is folded in, and its centring where it is a
        LayerNorm; its denominator is left out, which scales all logits alike. So is a
        soft cap, which keeps their order.
        """
        norm = self._bridge.ln_final
        gain = norm.weight.detach().float()
        if norm.uses_weight_offset:
            gain = gain + 1.0
        effect: Tensor = self._bridge.W_U.detach().float() * gain[:, None]
        return effect if norm.uses_rms_norm else effect - effect.mean(0)

    def down_projection(self, layer: int) -> "Float[Tensor, 'd_mlp d_model']":
        """What each neuron of a layer writes, in the model's number type.

        Raises
        ------
        ReplacementError
            if there is no such layer, or its MLP is none of single neurons.
        """
        if not 0 <= layer < self.n_layers:
            raise ReplacementError(
                f"layer {layer} of a model of {self.n_layers} layers", source=self.name
            )
        weight = getattr(self._bridge.blocks[layer].mlp, "W_out", None)
        if weight is None or weight.dim() != 2:
            raise ReplacementError(
                f"the MLP of layer {layer} has no single neurons", source=self.name
            )
        rows: Tensor = weight.detach()
        return rows

    def _hook_name(self, name: str) -> str:
        point: HookPoint | None = self._bridge.get_hook_point(name)
        if point is None or point.name is None:
            raise ModelError(
                f"the model has no hook {name!r}; names are TransformerLens', as "
                "blocks.0.hook_resid_post",
                source=self.name,
            )
        return point.name


def _whole(value: "Tensor") -> "Tensor":
    return value


def _catch(
    at: int,
    reader: HookReader,
    found: "dict[int, Tensor]",
    wanted: int,
    value: "Tensor",
    *,
    hook: "HookPoint",
) -> None:
    """Read for one reader; its place tells readers apart, not the hook's own name."""
    del hook
    found[at] = reader(value)
    if len(found) == wanted:
        raise _AllRead


def open_language_model(
    name_or_folder: str,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    gguf_file: str = "",
) -> LanguageModel:
    """Load a model from a folder, or by its name on the hub or in the hub's cache.

    Parameters
    ----------
    device : "auto" is CUDA, then MPS, then the CPU.
    dtype : "auto" is bfloat16 on CUDA, else float32.
    gguf_file : file in the folder whose quantised weights are expanded.

    Raises
    ------
    ModelError
        if it cannot be had or is of an unknown kind; says what can be done.
    """
    import torch

    place = best_device() if device == "auto" else device
    if dtype == "auto":
        dtype = "bfloat16" if place.startswith("cuda") else "float32"
    with _told(name_or_folder):
        tokenizer = _tokenizer(name_or_folder, gguf_file)
        bos = _first_token(tokenizer)  # TransformerLens sets one where there is none
        kind: torch.dtype = getattr(torch, dtype)
        placement = torch.device(place), kind
        bridge = _bridge(name_or_folder, tokenizer, *placement, gguf_file)
        use_native_attention(bridge)
    return LanguageModel(name_or_folder, bridge, tokenizer, bos)


def _tokenizer(name: str, gguf_file: str) -> "PreTrainedTokenizerBase":
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(
        name, trust_remote_code=False, gguf_file=gguf_file or None
    )


def _first_token(tokenizer: "PreTrainedTokenizerBase") -> int | None:
    for found in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if isinstance(found, int):
            return found
    return None


def _bridge(
    name: str,
    tokenizer: "PreTrainedTokenizerBase",
    device: "torch.device",
    dtype: "torch.dtype",
    gguf_file: str,
) -> "TransformerBridge":
    from transformer_lens.model_bridge import TransformerBridge
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
    loaded = _expanded(name, device, dtype, gguf_file) if gguf_file else None
    bridge: TransformerBridge = TransformerBridge.boot_transformers(
        name, device=device, dtype=dtype, hf_model=loaded, tokenizer=tokenizer
    )
    bridge.eval()
    return bridge


def _expanded(
    folder: str, device: "torch.device", dtype: "torch.dtype", gguf_file: str
) -> "PreTrainedModel":
    import torch
    from transformers import AutoModelForCausalLM

    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=gguf_file, dtype=dtype, trust_remote_code=False
    )
    torch.nn.Module.to(model, device)
    return model


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn whatever loading raises into what a person can do about it."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ImportError) as error:
        raise ModelError(
            f"cannot be loaded ({_first_line(error)}); give a folder that holds the "
            "model, or fetch it once where there is a network: hf download NAME",
            source=name,
        ) from error
    except (ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"is no model that can be run ({_first_line(error)})", source=name
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
