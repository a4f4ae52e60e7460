"""Take the evidence of a graph's features out of large files, into a store.

A bulk export or a cache of activations is read whole to find a feature in it: once for
all features, and not while a person waits for the next one.
"""

import hashlib
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from glossator.errors import EvidenceError
from glossator.evidence.evidence_record import encode_evidence
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import Absent, Record
from glossator.evidence.open_source import open_evidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.settings import evidence_folder


@dataclass(frozen=True)
class KeepPlan:
    """What is to be taken from where; it can be pickled."""

    path: Path
    features: tuple[FeatureKey, ...]
    opaque_numbers: bool = False

    @property
    def store(self) -> Path:
        place = str(self.path.absolute())
        digest = hashlib.sha256(place.encode(errors="surrogatepass")).hexdigest()[:12]
        name = re.sub(r"[^\w.]+", "-", self.path.name).strip("-.")
        return evidence_folder() / f"{name[:80]}-{digest}.evidence"


@dataclass(frozen=True)
class KeepReport:
    n_kept: int
    """Features that the files know."""
    n_features: int
    problems: tuple[str, ...]
    """Records that could not be read, one sentence each."""

    @property
    def text(self) -> str:
        told = f"Evidence of {self.n_kept} of {self.n_features} features kept"
        return f"{told}; {len(self.problems)} unreadable" if self.problems else told


def keep_evidence(
    plan: KeepPlan, cancel: CancelToken
) -> Generator[Progress, None, KeepReport]:
    """Read what is known of the features; stopped, it has kept what was read.

    Raises
    ------
    Cancelled
        between two features.
    EvidenceError
        if the files are no evidence, or the store cannot be written.
    """
    yield Progress(0, len(plan.features), f"reading {plan.path.name}")
    source = open_evidence(
        plan.path, opaque_numbers=plan.opaque_numbers, features=plan.features
    )
    store = EvidenceStore.create(plan.store, source.name, str(plan.path))
    n_kept = 0
    problems: list[str] = []
    for done, feature in enumerate(sorted(plan.features)):
        yield Progress(done, len(plan.features), f"reading {plan.path.name}")
        cancel.check()
        try:
            found = source.evidence(feature)
        except EvidenceError as error:
            problems.append(str(error))
            continue
        if found is None:
            store.add([Absent(feature, str(plan.path))])
            continue
        record = Record(feature, "evidence", encode_evidence(found), found.origin)
        store.add([record])
        n_kept += 1
    return KeepReport(n_kept, len(plan.features), tuple(problems))
