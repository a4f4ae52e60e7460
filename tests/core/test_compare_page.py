"""The page of a comparison of methods, and its table, whatever the texts."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from glossator.evaluation.comparison.means import method_means
from glossator.evaluation.comparison.method_comparison import (
    MODES,
    ComparedFeature,
    ComparisonTable,
    GivenLabel,
    MethodComparison,
    MethodNotScored,
)
from glossator.export.comparison_csv import write_comparison_csv
from glossator.export.report.comparison import comparison_page, write_comparison_page
from glossator.export.report.comparison_plot import comparison_plot
from tests.core.made_comparison import made_comparison

NASTY = "=cmd() <script>alert(1)</script> & \u202e{{ 7 * 7 }}"
_VOID = {"meta", "br"}


class Page(HTMLParser):
    """Tags, attributes and words; every tag must be closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def with_label(comparison: MethodComparison, text: str) -> MethodComparison:
    """All labels of the first method are that text."""
    (table,) = comparison.tables

    def changed(feature: ComparedFeature) -> ComparedFeature:
        first, *others = feature.said
        assert isinstance(first, GivenLabel)
        said = (msgspec.structs.replace(first, text=text), *others)
        return msgspec.structs.replace(feature, said=said)

    table = msgspec.structs.replace(table, features=tuple(map(changed, table.features)))
    return msgspec.structs.replace(comparison, tables=(table,))


def test_the_page_is_one_file_that_fetches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_comparison_page(
        made_comparison(modes=MODES), path, at="2026-01-02T03:04:05.000+00:00"
    )
    page = Page(path)
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    links = [value for name, value in page.attributes if name in ("href", "src")]
    assert links == ["#mode-1", "#mode-2"]
    ids = [value for name, value in page.attributes if name == "id"]
    assert ids == ["mode-1", "mode-2"]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("content", policy) in page.attributes
    assert "url(" not in path.read_text(encoding="utf-8")


def test_the_page_tells_everything(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_comparison_page(made_comparison(), path, at="2026-01-02T03:04:05.000+00:00")
    text = Page(path).text
    for part in (
        "Labelling methods on gpt2-small / res-jb",
        "Judged by judge",
        "2026-01-02 03:04 UTC",
        "detection balanced accuracy",
        "embedding AUC",
        "21 of 24",
        "3 × the answer is prose",
        "the first is better",
        "no difference shown",
        "layer 11 · feature 23 · cross · distance 0.77",
        "they walked along the river 23 bank",
        "drawn at random (seed 0) of 200",
        "$0.02",
    ):
        assert part in text, part


def test_both_colour_schemes_are_dressed() -> None:
    from glossator_resources import report_folder

    style = (report_folder() / "comparison.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    named = re.compile(r"(--[a-z]+):")
    assert set(named.findall(dark)) == set(named.findall(light)) - {""}
    used = set(re.findall(r"var\((--[a-z]+)\)", style))
    assert used <= set(named.findall(light))


def test_texts_of_others_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_comparison_page(with_label(made_comparison(), NASTY), path)
    page = Page(path)
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\u202e" not in path.read_text(encoding="utf-8")


def test_formulas_are_guarded_against(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    assert write_comparison_csv(with_label(made_comparison(), NASTY), path) == 24 * 2
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows if row["method"] == "good"} == {f"'{NASTY}"}


def test_every_label_and_score_has_a_row(tmp_path: Path) -> None:
    comparison = made_comparison()
    (table,) = comparison.tables
    first = table.features[0]
    missing = MethodNotScored(method="good", scorer="output", reason="says nothing.")
    changed = msgspec.structs.replace(first, not_scored=(missing,))
    table = msgspec.structs.replace(table, features=(changed, *table.features[1:]))
    comparison = msgspec.structs.replace(comparison, tables=(table,))
    path = tmp_path / "labels.csv"
    write_comparison_csv(comparison, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    # Three methods, two scorers, three features that one method declined.
    assert len(rows) == 24 * 3 * 2 - 3 * 2 + 3 + 1
    declined = [row for row in rows if row["why_no_label"]]
    assert {(row["method"], row["label"], row["scorer"]) for row in declined} == {
        ("poor", "", "")
    }
    (unscored,) = (row for row in rows if row["why_not_scored"])
    assert (unscored["scorer"], unscored["value"]) == ("output", "")
    detection = next(row for row in rows if row["scorer"] == "detection")
    low, value, high = (float(detection[name]) for name in ("low", "value", "high"))
    assert low < value <= high
    assert float(detection["another_label"]) == 0.5
    assert detection["scoring_model"] == "judge"


def test_places_are_in_the_order_of_the_means() -> None:
    comparison = made_comparison()
    (table,) = comparison.tables
    plot = comparison_plot(comparison, table)
    detection, embedding = plot.axes
    assert [tick.text for tick in detection.ticks] == [t.text for t in embedding.ticks]
    assert detection.chance == embedding.chance
    means = {
        (mean.method, mean.scorer): mean.own.mean
        for mean in method_means(comparison, table)
    }
    for at, axis in enumerate(plot.axes):
        by_place = sorted(
            (place.at, row.method)
            for row in plot.rows
            if (place := row.places[at]) is not None
        )
        assert [method for _, method in by_place] == sorted(
            (row.method for row in plot.rows),
            key=lambda name: (means[name, axis.scorer], name),
        )
    for row in plot.rows:
        for place in row.places:
            assert place is not None
            assert place.low is not None
            assert place.high is not None
            assert 0 <= place.low < place.at < place.high <= 100


def test_a_gap_has_an_axis_of_its_own() -> None:
    comparison = made_comparison(modes=("as in the source",))
    accuracy, gap = comparison_plot(comparison, comparison.tables[0]).axes
    assert (accuracy.measure, gap.measure) == ("accuracy, failures as wrong", "gap")
    assert accuracy.ticks != gap.ticks
    assert gap.chance == next(tick.at for tick in gap.ticks if tick.text == "0.0")


def test_without_scores_there_is_no_figure(tmp_path: Path) -> None:
    feature = msgspec.structs.replace(
        made_comparison().tables[0].features[0], scores=()
    )
    comparison = msgspec.structs.replace(
        made_comparison(),
        tables=(ComparisonTable(mode="repaired", features=(feature,)),),
    )
    assert comparison_page(comparison).sections[0].plot is None
    path = tmp_path / "page.html"
    write_comparison_page(comparison, path)
    assert "No label could be scored." in Page(path).text


@pytest.mark.parametrize("n", [1, 2])
def test_so_few_features_are_told_of_all_the_same(tmp_path: Path, n: int) -> None:
    path = tmp_path / "page.html"
    write_comparison_page(made_comparison(n_features=n), path)
    assert "not tested: fewer than 6 features" in Page(path).text
