"""The device that models run on: which there is, and what to do where memory lacks."""

import os

DEVICE_VARIABLE = "GLOSSATOR_DEVICE"
"""Names the device where it is not to be the best one: cuda, mps or cpu."""

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
"""What torch says on CUDA and MPS, on Linux and macOS, and on Windows."""


def best_device() -> str:
    """The device that the environment names, else CUDA, then MPS, then the CPU."""
    if named := os.environ.get(DEVICE_VARIABLE):
        return named
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def lacks_memory(error: Exception) -> bool:
    """Whether something failed for want of memory alone."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(
        part in said for part in _OUT_OF_MEMORY
    )


def release_memory() -> None:
    """Give back what no tensor holds any more."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
