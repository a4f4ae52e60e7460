"""A run that lacks something says what, before anything is loaded."""

from dataclasses import replace
from pathlib import Path

import pytest

from glossator.errors import VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.verbalize.description import Sampling
from glossator.verbalize.verbalize_input import VerbalizeInput

WHOLE = VerbalizeInput(
    features=(FeatureKey("m", "s", 1, 2),),
    verbalizer="av",
    model="m",
    replacement="transcoders",
    evidence_paths=(Path("evidence.json"),),
    about=("feature", "example"),
    sampling=Sampling(),
)


def test_what_is_whole_passes() -> None:
    assert WHOLE.checked() is WHOLE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"features": ()}, "features"),
        ({"about": ()}, "about"),
        ({"model": ""}, "model"),
        ({"evidence_paths": ()}, "evidence"),
        ({"n_examples": 0}, "examples"),
        ({"replacement": ""}, "replacement"),
        ({"replacement": "neurons", "model": "", "about": ("feature",)}, "model"),
        ({"verbalizer": "neuronpedia:a/b"}, "about"),
        (
            {
                "verbalizer": "neuronpedia:a/b",
                "about": ("example",),
                "sampling": Sampling(n_samples=2),
            },
            "samples",
        ),
        ({"sampling": Sampling(n_samples=0)}, "samples"),
    ],
)
def test_what_has_to_be_told(changes: dict[str, object], field: str) -> None:
    with pytest.raises(VerbalizeError) as refused:
        replace(WHOLE, **changes).checked()  # type: ignore[arg-type]
    assert refused.value.field == field
