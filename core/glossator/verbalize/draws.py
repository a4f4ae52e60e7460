"""Draw tokens so that neither batch nor order of the vectors changes a text."""

import torch  # noqa: TID253  # only loaded once a verbalizer writes
from jaxtyping import Float, Int
from torch import Tensor  # noqa: TID253
from transformers import LogitsProcessor  # noqa: TID253


class Draws(LogitsProcessor):  # type: ignore[misc,unused-ignore]
    """Adds noise by which the likeliest token becomes a draw at a temperature.

    With Gumbel noise g, argmax(logits / T + g) is distributed as softmax(logits / T)
    (Maddison et al. 2014). The noise depends on seed and sample alone: each sample of a
    vector is independent of its others, and a vector's text stays as it is whichever
    vectors are put into words beside it.
    """

    def __init__(self, samples: list[int], temperature: float, seed: int) -> None:
        """Take the number of the sample that each row of the batch is."""
        self._samples = samples
        self._temperature = temperature
        self._seed = seed
        self._generators: dict[int, torch.Generator] = {}

    def __call__(
        self, input_ids: Int[Tensor, "batch n"], scores: Float[Tensor, "batch vocab"]
    ) -> Float[Tensor, "batch vocab"]:
        wide = scores.float() / self._temperature
        noise = {sample: self._gumbel(sample, wide[0]) for sample in self._distinct}
        return wide + torch.stack([noise[sample] for sample in self._samples])

    @property
    def _distinct(self) -> list[int]:
        return sorted(set(self._samples))

    def _gumbel(
        self, sample: int, like: Float[Tensor, " vocab"]
    ) -> Float[Tensor, " vocab"]:
        generator = self._generators.get(sample)
        if generator is None:
            generator = torch.Generator(like.device)
            generator.manual_seed((self._seed * 1_000_003 + sample) % 2**63)
            self._generators[sample] = generator
        exponential = torch.empty_like(like).exponential_(generator=generator)
        return -exponential.clamp_min(torch.finfo(like.dtype).tiny).log()
