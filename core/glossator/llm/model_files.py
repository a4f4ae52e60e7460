"""Load a causal language model and its tokenizer: a folder's, or the model hub's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from glossator.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_model(
    name: str, device: str
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Load weights as bf16 on CUDA, else as float32.

    The hub is asked only for what its cache does not hold, and for a folder never.

    Raises
    ------
    ModelError
        if there is no such model, if it is none that writes, or if memory lacks.
    """
    with _told_as_errors(name):
        here = _place_here(name)
        if here is not None:
            try:
                return _loaded(str(here), device)
            except OSError:
                if Path(name).is_dir():
                    raise
        return _loaded(name, device)


def revision_of(name: str) -> str:
    """The commit of a hub's model that is in its cache; "" for a folder."""
    here = _place_here(name)
    return "" if here is None or Path(name).is_dir() else here.name


def _place_here(name: str) -> Path | None:
    """The folder itself, or the one in the hub's cache.

    Given a name, the hub's client would ask the network even for what it has.
    """
    from huggingface_hub import try_to_load_from_cache

    if Path(name).is_dir():
        return Path(name)
    config = try_to_load_from_cache(name, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def _loaded(
    name: str, device: str
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        PreTrainedModel,
        PreTrainedTokenizerBase,
    )

    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ValueError("it has no text tokenizer")
    found = AutoModelForCausalLM.from_pretrained(
        name,
        dtype=torch.bfloat16 if device.startswith("cuda") else torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
    )
    # With its loading info a model is one of a pair, which its type does not say.
    model, info = cast("tuple[torch.nn.Module, Mapping[str, set[str]]]", found)
    if missing := sorted(info["missing_keys"]):
        raise ValueError(f"{len(missing)} weights are missing, such as {missing[0]}")
    moved = model.to(torch.device(device)).eval()
    if not isinstance(moved, PreTrainedModel):
        raise ValueError("it is no language model")
    return moved, tokenizer


@contextmanager
def _told_as_errors(name: str) -> Iterator[None]:
    """Tell in one line what transformers tells in pages."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    except (
        OSError,
        ValueError,
        KeyError,
        ImportError,
        RuntimeError,
        MemoryError,
        SafetensorError,
    ) as error:
        told = " ".join(str(error).split())[:300]
        raise ModelError(f"{_problem(name)} ({told})", source=name) from error
    finally:
        logging.set_verbosity(before)


def _problem(name: str) -> str:
    if Path(name).is_dir():
        return "no language model that can be used lies in this folder"
    return (
        "no such folder, and no language model of that name in the hub's cache or to "
        "be fetched; name a folder with its files, or for a model that a server runs "
        "the server's address, as in http://localhost:11434/v1"
    )
