"""Find and load the files of a checkpoint: a folder, or a name on the model hub.

Nothing that a checkpoint brings is run: weights are safetensors, and code of its own is
refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from glossator.device import best_device
from glossator.errors import VerbalizeError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Placement:
    """Where a model runs, and in which numbers."""

    device: "torch.device"
    dtype: "torch.dtype"


def placement(device: str, dtype: DtypeName) -> Placement:
    """Choose device and number type; "auto" is bf16, on the CPU float32.

    Never float16: the large norms of some models overflow it.
    """
    import torch

    try:
        place = torch.device(best_device() if device == "auto" else device)
    except RuntimeError as error:
        raise VerbalizeError(f"no device {device!r}", field="device") from error
    if dtype == "auto":
        dtype = "float32" if place.type == "cpu" else "bfloat16"
    kinds = {
        "float32": torch.float32,
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
    }
    return Placement(place, kinds[dtype])


def checkpoint_file(name: str, file: str) -> Path:
    """A file of a checkpoint, fetched where it lies on the hub.

    Raises
    ------
    VerbalizeError
        if there is none, or the hub does not answer.
    """
    from transformers.utils.hub import cached_file

    with _told_as_errors(name, file):
        found = cached_file(name, file)
        if found is None:
            raise OSError("no such file")
        return Path(found)


def load_tokenizer(name: str) -> "PreTrainedTokenizerBase":
    """Load a checkpoint's own tokenizer and chat template; raises VerbalizeError."""
    from transformers import AutoTokenizer, PreTrainedTokenizerBase

    with _told_as_errors(name, "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        if not isinstance(tokenizer, PreTrainedTokenizerBase):
            raise ValueError("no text tokenizer")
        return tokenizer


def load_weights(
    name: str, place: Placement, *, with_head: bool, may_lack: tuple[str, ...] = ()
) -> "PreTrainedModel":
    """Load a language model, its weights cast as they are read.

    Parameters
    ----------
    with_head : whether it is to predict tokens; else only its blocks are loaded.
    may_lack : modules that the caller replaces.

    Raises
    ------
    VerbalizeError
        if weights are missing, so that they would be random, or memory is.
    """
    from transformers import AutoModel, AutoModelForCausalLM

    kind = AutoModelForCausalLM if with_head else AutoModel
    with _told_as_errors(name, "weights"):
        model, info = kind.from_pretrained(  # type: ignore[misc]  # with loading info
            name,
            dtype=place.dtype,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        missing = sorted(
            key for key in info["missing_keys"] if key.partition(".")[0] not in may_lack
        )
        if missing:
            raise ValueError(f"{len(missing)} are missing, such as {missing[0]}")
        loaded: PreTrainedModel = model.to(place.device).eval()
    return loaded


def read_tensors(path: Path) -> "dict[str, torch.Tensor]":
    """All tensors of a small safetensors file; raises VerbalizeError."""
    from safetensors.torch import load_file

    with _told_as_errors(str(path), ""):
        return load_file(path)


@contextmanager
def _told_as_errors(name: str, field: str) -> Iterator[None]:
    """Tell in one line what transformers tells in pages."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        told = " ".join(str(error).split())[:300]
        raise VerbalizeError(told, source=name, field=field) from error
    finally:
        logging.set_verbosity(before)
