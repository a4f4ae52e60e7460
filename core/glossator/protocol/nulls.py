"""The nulls of a run: one a window, drawn from the features at hand or shipped."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.embeddings import Embeddings
from glossator.protocol.null_distribution import (
    MIN_FEATURES,
    DrawnNull,
    Null,
    NullDistribution,
    draw_nulls,
    read_shipped_nulls,
    shipped_null,
)
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.senses import UnrelatedBranches, unrelated_branches
from glossator.protocol.windows import FeatureWindows

POOL = 1000
"""Features that a null is drawn from, at most."""
_VERSION = 5
"""Of what is drawn and how it is clustered: stored nulls of others are passed by."""


@dataclass(frozen=True, eq=False)
class Nulls:
    """What unrelated examples score, in each window and in all of them together."""

    of: Mapping[WindowName, Null | None]
    """None where no null is to be had."""
    _largest: dict[tuple[tuple[WindowName, int], ...], Float[ndarray, " draws"]] = (
        field(default_factory=dict, repr=False)
    )
    known_branches: dict[tuple[WindowName, int], UnrelatedBranches | None] = field(
        default_factory=dict, repr=False
    )

    @property
    def origin(self) -> str:
        found = {null.origin for null in self.of.values() if null is not None}
        return "; ".join(sorted(found)) or "none"

    def p_of_largest(
        self, z: Mapping[WindowName, float], n: Mapping[WindowName, int]
    ) -> float | None:
        """Share of sets of unrelated examples whose largest z is as large.

        Where the windows were not drawn together: at most three times the least of
        their own p (Bonferroni). None where there is no z.

        Parameters
        ----------
        z, n : of each window that has a null, its z and its number of windows.
        """
        if not z:
            return None
        drawn = {w: null for w in z if isinstance(null := self.of[w], DrawnNull)}
        if len(drawn) == len(z):
            key = tuple((name, n[name]) for name in z)
            if key not in self._largest:
                self._largest[key] = largest_z([drawn[w].scores(k) for w, k in key])
            return share_as_large(self._largest[key], max(z.values()))
        found = []
        for name, value in z.items():
            null = self.of[name]
            cell = null.of_n(n[name]) if null else None
            if cell is not None:
                found.append(cell.p(cell.mean + value * cell.sd))
        return min(1.0, len(found) * min(found)) if found else None

    def branches(self, name: WindowName, n: int) -> UnrelatedBranches | None:
        """How unrelated windows fall apart; None where the null was not drawn."""
        null = self.of[name]
        if (name, n) not in self.known_branches:
            self.known_branches[name, n] = (
                unrelated_branches(null, n) if isinstance(null, DrawnNull) else None
            )
        return self.known_branches[name, n]


def share_as_large(rising: Float[ndarray, " draws"], value: float) -> float:
    """The draws' share that is at least the value, the value counted with them."""
    as_large = len(rising) - int(np.searchsorted(rising, value))
    return (as_large + 1) / (len(rising) + 1)


def largest_z(
    scores: Sequence[Float[ndarray, " draws"]],
) -> Float[ndarray, " draws"]:
    """Of each draw, the largest z over the windows, rising."""
    z = [NullDistribution.of(drawn).z_of(drawn) for drawn in scores]
    return np.sort(np.max(z, axis=0))


def null_pool(
    features: Sequence[FeatureKey], settings: ProtocolSettings
) -> tuple[FeatureKey, ...]:
    """Features whose windows the null is drawn from: a seeded sample of those at hand.

    The same whatever the scope of a run, so that a feature's z does not depend on
    which others were selected with it.
    """
    ordered = sorted(features)
    if len(ordered) <= POOL:
        return tuple(ordered)
    rng = np.random.default_rng(settings.seed)
    chosen = rng.choice(len(ordered), size=POOL, replace=False)
    return tuple(ordered[at] for at in sorted(chosen))


@dataclass(frozen=True)
class NullPool:
    """The windows that nulls are drawn from, of those examples that fill them all."""

    windows: tuple[WindowName, ...]
    """Those that hold text in enough features."""
    texts: tuple[Mapping[WindowName, tuple[str, ...]], ...]
    """One a feature."""

    def distinct_texts(self) -> set[str]:
        return {t for held in self.texts for part in held.values() for t in part}

    def digest(self, embedder: str, settings: ProtocolSettings) -> str:
        """Names what would be drawn."""
        n, draws, seed = settings.n_examples, settings.null_draws, settings.seed
        digest = hashlib.sha256(f"{_VERSION} {embedder} {n} {draws} {seed}".encode())
        for held in self.texts:
            for name in self.windows:
                joined = "\0".join(held[name])
                digest.update(f"\1{name}\0{joined}".encode(errors="surrogatepass"))
        return digest.hexdigest()


def pool_windows(
    features: Sequence[FeatureWindows], settings: ProtocolSettings
) -> NullPool | None:
    """Take the examples a null can be drawn from; None where features are too few."""
    enough = max(MIN_FEATURES, settings.n_examples)
    windows = tuple(
        name
        for name in WINDOW_NAMES
        if sum(any(feature.texts[name]) for feature in features) >= enough
    )
    texts = []
    for feature in features:
        full = [
            at
            for at in range(len(feature.activations))
            if all(feature.texts[name][at] for name in windows)
        ]
        if full:
            texts.append(
                {n: tuple(feature.texts[n][at] for at in full) for n in windows}
            )
    if not windows or len(texts) < enough:
        return None
    return NullPool(windows, tuple(texts))


def drawn_nulls(
    pool: NullPool, embeddings: Embeddings, settings: ProtocolSettings
) -> Nulls:
    """Draw the nulls of a pool whose texts are embedded."""
    features = [
        {name: embeddings.of(texts) for name, texts in held.items()}
        for held in pool.texts
    ]
    drawn = draw_nulls(
        features,
        n_max=settings.n_examples,
        draws=settings.null_draws,
        seed=settings.seed,
    )
    nulls = Nulls({name: drawn.get(name) for name in WINDOW_NAMES})
    for name in drawn:
        # The number of windows that most features have; it is stored with the draws.
        nulls.branches(name, settings.n_examples)
    return nulls


def shipped_nulls(settings: ProtocolSettings, model: str) -> Nulls:
    """The nulls that came with the program, where they fit windows and embedder."""
    shipped = read_shipped_nulls()
    return Nulls(
        {n: shipped_null(shipped, settings.window(n), model) for n in WINDOW_NAMES}
    )
