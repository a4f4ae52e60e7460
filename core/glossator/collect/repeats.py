"""Tell when two examples show the same text, by numbers that are equal then.

Two examples repeat one another if the words up to four tokens around their top tokens
are the same, or the top token and the three before it are. Case and spaces are no
difference.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Int32, Int64, UInt64
from numpy import ndarray

_NEAR = range(-4, 5)
_BEFORE = range(-3, 1)
_REACH = 4
_SEED = 4_127

Keys = UInt64[ndarray, "batch tokens"]


def word_numbers(vocabulary: Sequence[str]) -> Int64[ndarray, " d_vocab"]:
    """Number of each token's word; tokens that differ by case or spaces share one."""
    words = np.array([text.strip().lower() for text in vocabulary], dtype=object)
    _, numbers = np.unique(words, return_inverse=True)
    return numbers.astype(np.int64)


def repeat_keys(
    ids: Int32[ndarray, "batch tokens"],
    lengths: Int[ndarray, " batch"],
    words: Int64[ndarray, " d_vocab"],
) -> tuple[Keys, Keys]:
    """Keys of each token as a top token: of the words near it, and of those before.

    Parameters
    ----------
    lengths : tokens of each row; what follows is padding.
    words : of `word_numbers`.
    """
    outside = np.arange(ids.shape[1]) >= lengths[:, None]
    scattered = scatter(words[ids].astype(np.uint64) + np.uint64(1))
    scattered[outside] = 0
    padded = np.pad(scattered, ((0, 0), (_REACH, _REACH)))
    factors = np.random.default_rng(_SEED).integers(
        1 << 63, size=len(_NEAR) + len(_BEFORE), dtype=np.uint64
    )
    odd = factors * np.uint64(2) + np.uint64(1)
    return (
        _summed(padded, _NEAR, odd[: len(_NEAR)]),
        _summed(padded, _BEFORE, odd[len(_NEAR) :]),
    )


def _summed(
    padded: UInt64[ndarray, "batch padded"],
    offsets: range,
    factors: UInt64[ndarray, " n_offsets"],
) -> Keys:
    """Sum over the offsets, each word times the offset's factor, modulo 2**64."""
    n_tokens = padded.shape[1] - 2 * _REACH
    total = np.zeros((len(padded), n_tokens), np.uint64)
    for offset, factor in zip(offsets, factors, strict=True):
        total += padded[:, _REACH + offset : _REACH + offset + n_tokens] * factor
    return total


def scatter(numbers: UInt64[ndarray, "*shape"]) -> UInt64[ndarray, "*shape"]:
    """Spread numbers evenly over 64 bits (SplitMix64, Steele et al. 2014)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: UInt64[ndarray, "*shape"] = mixed ^ (mixed >> np.uint64(31))
    return found
