"""What a collection of evidence is made of, and how much of it is kept."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from glossator.collect.corpus import Corpus
from glossator.errors import InputError
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import DtypeName

_FORMAT = 1
"""Of the state of an unfinished collection; raised when old ones cannot go on."""

_WEIGHTS = (".safetensors", ".npz", ".gguf")
_BESIDE = ("config.json", "tokenizer.json", "config.yaml", "cfg.json")


class CollectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How texts are run and which examples are kept."""

    n_top: int = 20
    """Strongest examples of a feature."""
    n_quantile: int = 5
    """Examples from each quarter of the activation range."""
    n_inactive: int = 5
    """Examples in which the feature is not active."""
    context: int = 20
    """Tokens kept on each side of the top token."""
    context_length: int = 128
    """Tokens the model sees at once, the first of them BOS."""
    max_tokens: int = 0
    """Tokens of the corpus after which to stop; 0 is all of it."""
    bos: str = ""
    """Token set before each stretch of text; "" is the tokenizer's own."""
    seed: int = 0
    device: str = "auto"
    dtype: DtypeName = "auto"
    batch_tokens: int = 0
    """Tokens run at once, padding included; 0 is fitted to the device."""

    def checked(self) -> "CollectSettings":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names the setting.
        """
        for name, low, high in (
            ("n_top", 1, 1000),
            ("n_quantile", 0, 100),
            ("n_inactive", 0, 100),
            ("context", 1, 1000),
            ("context_length", 2, 1 << 20),
            ("max_tokens", 0, 1 << 50),
            ("batch_tokens", 0, 1 << 24),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{value} lies outside {low} to {high}", field=name)
        return self


@dataclass(frozen=True)
class CollectInput:
    """Everything a collection depends on; can be pickled."""

    model: str
    """Folder or hub name."""
    replacement: str
    """``neurons``, ``signed neurons``, or folder or hub name of transcoders."""
    corpus: Corpus
    features: tuple[FeatureKey, ...]
    folder: Path
    """Where the evidence goes, and what is needed to go on after a stop."""
    settings: CollectSettings = field(default_factory=CollectSettings)
    gguf_file: str = ""
    """File in the model's folder whose quantised weights are expanded."""
    reads: str = ""
    """Hook inside a block that transcoders read, where their files tell none."""

    def digest(self) -> str:
        """Tells collections apart that would not give the same evidence."""
        given = {
            "format": _FORMAT,
            "model": [self.model, self.gguf_file, _file_states(self.model)],
            "replacement": [
                self.replacement,
                self.reads,
                _file_states(self.replacement),
            ],
            "corpus": self.corpus.digest(),
            "features": sorted({(f.layer, f.index) for f in self.features}),
            "source_sets": sorted({(f.model, f.source_set) for f in self.features}),
            "settings": self.settings,
        }
        return hashlib.sha256(msgspec.json.encode(given)).hexdigest()


def _file_states(place: str) -> list[tuple[str, int, int]]:
    """Name, size and time of change of local files that count; none for a hub name."""
    path = Path(place)
    files = [path] if path.is_file() else sorted(path.glob("**/*"))
    return [
        (str(file), state.st_size, state.st_mtime_ns)
        for file in files
        if file.suffix in _WEIGHTS or file.name in _BESIDE
        for state in [file.stat()]
    ]
