"""What a collection came to, as a value and beside its evidence."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from glossator.collect.collect_settings import CollectSettings

COLLECTION_NAME = "collection.json"


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence in a folder was made of; lies beside it."""

    digest: str
    """Of the input."""
    model: str
    replacement: str
    corpus: str
    n_features: int
    n_silent: int
    """Features that were active at no token."""
    n_documents: int
    n_tokens: int
    """Run through the model, without BOS."""
    device: str
    dtype: str
    batch_tokens: int
    settings: CollectSettings
    date: str
    version: str


@dataclass(frozen=True)
class CollectReport:
    folder: Path
    collection: Collection

    @property
    def text(self) -> str:
        """One sentence for a person."""
        held = self.collection
        silent = f", {held.n_silent:,} of them never active" if held.n_silent else ""
        return (
            f"Evidence of {held.n_features:,} features{silent}, from {held.n_tokens:,} "
            f"tokens on {held.device}, is in {self.folder}."
        )
