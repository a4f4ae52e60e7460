"""The label library and open projects: what is accepted here is proposed there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.edits import AddRevision
from glossator.project.importing.label_import import import_edits
from glossator.project.importing.label_sources import read_labels
from glossator.project.library.label_library import FollowedProject, LabelLibrary
from glossator.project.library.library_entry import LibraryEntry
from glossator.project.library.library_keeper import LibraryKeeper
from glossator.project.open_files import add_graphs
from glossator.project.project import Project
from glossator.project.reviewing.review import accept_edits, reject_edits
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subject,
    node_subject,
)
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    feature_node,
    graph_of,
    tracer_graph,
    tracer_nodes,
)

SEVEN = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 0, 7)
NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)


class Desk:
    """A project that is open, with what the library told."""

    def __init__(self, path: Path, library: LabelLibrary | None, *graphs: Json) -> None:
        self.told: list[str] = []
        self.project = Project(path)
        for document in graphs:
            slug = document["metadata"]["slug"]
            self.project.add_graph(graph_of(document), Path(f"{slug}.json"))
        self.keeper = LibraryKeeper(self.project, library, self.told.append)
        self.offered = self.keeper.offer()

    def accept(self, feature: FeatureKey, text: str, author: str = "ann") -> None:
        edits = accept_edits(self.project.state, feature, text, author)
        self.project.apply("accept", edits)

    def reject(self, feature: FeatureKey) -> None:
        edits = reject_edits(self.project.state, feature, "ann")
        self.project.apply("reject", edits)

    def say(self, feature: FeatureKey, text: str, status: Status, **more: Any) -> None:
        revision = LabelRevision(text=text, status=status, at="2026-01-01", **more)
        self.project.apply(status, [AddRevision(feature_subject(feature), revision)])

    def last(self, feature: FeatureKey) -> LabelRevision:
        revision = self.project.state.last_revision(feature_subject(feature))
        assert revision is not None
        return revision


Open = Callable[..., Desk]


@pytest.fixture
def library(tmp_path: Path) -> LabelLibrary:
    return LabelLibrary(tmp_path / "labels.sqlite")


@pytest.fixture
def opened(tmp_path: Path, library: LabelLibrary) -> Iterator[Open]:
    """Open a project of the name; a new one with the graph."""
    desks: list[Desk] = []

    def open_(name: str, *graphs: Json, wanted: LabelLibrary | None = library) -> Desk:
        path = tmp_path / f"{name}.gloss"
        made = graphs or (() if path.exists() else (tracer_graph(),))
        desks.append(Desk(path, wanted, *made))
        return desks[-1]

    yield open_
    for desk in desks:
        desk.project.close()


def known(library: LabelLibrary) -> list[tuple[str, str, str]]:
    return [(str(one.feature), one.text, one.project) for one in library.entries()]


# -- what the library follows ---------------------------------------------------------


def test_what_a_person_accepts_is_kept_with_its_origin(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.say(SEVEN, "cities", "proposed", method="small_llm", model="gpt-4o-mini")
    assert library.entries() == []
    work.accept(SEVEN, "cities")
    work.accept(NINE, "say Austin", "bob")
    seven, nine = library.entries()
    assert seven.feature == SEVEN
    assert (seven.text, seven.status, seven.author) == ("cities", "accepted", "ann")
    assert (seven.method, seven.labeler_model) == ("small_llm", "gpt-4o-mini")
    assert (seven.project, seven.graph) == ("work", "capital")
    assert seven.project_id == work.project.id
    assert seven.at == work.last(SEVEN).at
    assert (nine.text, nine.status, nine.author) == ("say Austin", "edited", "bob")


def test_undo_takes_it_back_and_redo_gives_it_again(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    work.accept(SEVEN, "towns")
    assert known(library) == [("0/7", "towns", "work")]
    work.project.undo()
    assert known(library) == [("0/7", "cities", "work")]
    work.project.undo()
    assert known(library) == []
    work.project.redo()
    assert known(library) == [("0/7", "cities", "work")]
    work.reject(SEVEN)
    assert known(library) == []


def test_only_a_person_s_labels_of_features_are_kept(
    opened: Open, library: LabelLibrary, tmp_path: Path
) -> None:
    work = opened("work")
    for status in ("proposed", "imported", "rejected", "withdrawn"):
        work.say(SEVEN, "a word", status)
    own = LabelRevision(text="only here", status="edited", author="ann")
    node = node_subject(GraphId(1), NodeIndex(3))
    work.project.apply("edit", [AddRevision(node, own)])
    table = tmp_path / "labels.csv"
    table.write_text("layer,index,label,status\n2,9,towns,accepted\n")
    found = read_labels(table, work.project.state)
    work.project.apply("import", import_edits(work.project.state, found))
    assert work.last(NINE).text == "towns"
    assert library.entries() == []


def test_a_label_that_two_projects_say_stays_while_one_says_it(
    opened: Open, library: LabelLibrary
) -> None:
    one, two = opened("one"), opened("two")
    one.accept(SEVEN, "cities")
    two.accept(SEVEN, "cities")
    one.project.undo()
    assert known(library) == [("0/7", "cities", "two")]


def test_what_it_missed_it_learns_when_the_project_is_opened(
    opened: Open, library: LabelLibrary
) -> None:
    alone = opened("work", wanted=None)
    alone.accept(SEVEN, "cities")
    alone.project.close()
    assert library.entries() == []
    opened("work").project.close()
    assert known(library) == [("0/7", "cities", "work")]
    alone = opened("work", wanted=None)
    alone.project.undo()
    alone.project.close()
    opened("work")
    assert known(library) == []


def test_it_may_be_switched_off_and_on(opened: Open, library: LabelLibrary) -> None:
    work = opened("work")
    work.keeper.use(None)
    work.accept(SEVEN, "cities")
    assert library.entries() == []
    work.keeper.use(library)
    assert known(library) == [("0/7", "cities", "work")]


def test_another_library_may_be_followed(
    opened: Open, library: LabelLibrary, tmp_path: Path
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    another = LabelLibrary(tmp_path / "another.sqlite")
    work.keeper.use(another)
    assert known(another) == known(library) == [("0/7", "cities", "work")]


def test_a_moved_project_takes_its_labels_back(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    work.project.close()
    path = work.project.path
    path.rename(path.with_name("moved.gloss"))
    moved = opened("moved")
    assert known(library) == [("0/7", "cities", "moved")]
    moved.project.undo()
    assert library.entries() == []


def test_what_was_forgotten_stays_forgotten_until_it_is_said_anew(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    library.forget(library.entries())
    work.accept(NINE, "say Austin")
    work.project.close()
    work = opened("work")
    assert known(library) == [("2/9", "say Austin", "work")]
    work.accept(SEVEN, "towns")
    assert known(library)[0] == ("0/7", "towns", "work")


@pytest.mark.parametrize(
    "content", [b"no database" * 999, None], ids=["text", "folder"]
)
def test_a_broken_library_stops_nothing_and_is_told_once(
    opened: Open, library: LabelLibrary, content: bytes | None
) -> None:
    if content is None:
        library.path.mkdir()
    else:
        library.path.write_bytes(content)
    work = opened("work")
    work.accept(SEVEN, "cities")
    work.accept(NINE, "towns")
    assert work.project.state.label(NINE) == "towns"
    (told,) = set(work.told)
    assert len(work.told) == 1
    assert told.startswith(f"The label library does not follow: {library.path}: ")
    if content is None:
        library.path.rmdir()
    else:
        library.path.unlink()
    work.accept(NINE, "plurals")
    assert [text for _, text, _ in known(library)] == ["cities", "plurals"]


def test_what_it_could_not_be_told_is_told_with_the_next_change(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    sound = library.path.read_bytes()
    library.path.write_bytes(b"no database" * 999)
    work.accept(SEVEN, "capitals")
    assert len(work.told) == 1
    library.path.write_bytes(sound)
    work.accept(NINE, "plurals")
    assert [text for _, text, _ in known(library)] == ["capitals", "plurals"]


def test_a_label_of_a_feature_that_went_is_taken_back_when_it_can_be(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    here = FollowedProject(work.project.id, str(work.project.path.resolve()), "work")
    (entry,) = library.entries()
    gone = msgspec.structs.replace(entry, layer=5, index=5)
    library.follow(here, [gone], [])
    assert [text for _, text, _ in known(library)] == ["cities", "cities"]
    work.project.close()
    with closing(sqlite3.connect(library.path)) as another:
        another.execute("BEGIN IMMEDIATE")
        work = opened("work")
        assert len(work.told) == 1
    more = graph_of(tracer_graph([feature_node(2, 9, 1)], []))
    work.project.add_graph(more, Path("more.json"))
    assert [str(one.feature) for one in library.entries()] == ["0/7"]


def test_what_a_graph_of_no_named_source_says_is_of_no_use_elsewhere(
    opened: Open, library: LabelLibrary
) -> None:
    nameless = tracer_graph(info={})
    work = opened("work", nameless)
    (seven, _) = work.project.state.features()
    assert seven.source_set == ""
    work.accept(seven, "cities")
    assert library.entries() == []
    assert opened("other", nameless).offered == 0


def test_numbers_that_count_the_whole_model_need_no_source(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work", anthropic_graph())
    feature = work.project.state.features()[1]
    assert feature.source_set == ""
    work.accept(feature, "towns")
    assert [one.feature for one in library.entries()] == [feature]


# -- what the library proposes --------------------------------------------------------


def test_a_new_project_gets_what_is_known_as_one_step(
    opened: Open, library: LabelLibrary
) -> None:
    work = opened("work")
    work.say(SEVEN, "cities", "proposed", method="small_llm", model="gpt-4o-mini")
    work.accept(SEVEN, "cities")
    work.accept(NINE, "say Austin")
    when = work.last(NINE).at[:10]
    other = opened("other", tracer_graph(slug="capital-2"))
    assert other.offered == 2
    seven, nine = other.last(SEVEN), other.last(NINE)
    assert (seven.text, seven.status, seven.method) == ("cities", "proposed", "library")
    assert (seven.author, seven.model) == ("", "gpt-4o-mini")
    assert seven.reason == (
        f"ann accepted it on {when} in the project work, after small_llm gpt-4o-mini; "
        "graph capital"
    )
    assert nine.reason == (f"ann wrote it on {when} in the project work; graph capital")
    assert len(library.entries()) == 2, "a proposal is no label of a person"
    assert other.project.undo() == "labels from the library"
    assert other.project.steps().undo == ""
    assert other.project.state.label(SEVEN) == ""


def test_only_features_of_the_graph_that_is_added(
    opened: Open, library: LabelLibrary
) -> None:
    opened("work").accept(SEVEN, "cities")
    nodes = [n for n in tracer_nodes() if n["node_id"] != "0_7_1"]
    links = [e for e in tracer_graph()["links"] if "0_7_1" not in e.values()]
    small = tracer_graph(nodes, links, slug="small")
    other = opened("other", small)
    assert other.offered == 0
    other.project.add_graph(graph_of(tracer_graph()), Path("capital.json"))
    assert other.keeper.offer() == 1
    assert other.keeper.offer() == 0


def test_labels_of_a_person_or_a_file_stand(opened: Open) -> None:
    source = opened("source")
    source.accept(SEVEN, "cities")
    source.accept(NINE, "towns")
    file = tracer_graph(
        [
            n | ({"clerp": "from the file"} if n["node_id"] == "0_7_1" else {})
            for n in tracer_nodes()
        ],
        state={"pinnedIds": []},
    )
    other = opened("other", file, wanted=None)
    assert other.project.state.label(SEVEN) == "from the file"
    other.accept(NINE, "mine", "bob")
    other.project.close()
    other = opened("other")
    assert other.offered == 0
    assert other.project.state.label(SEVEN) == "from the file"
    assert other.project.state.label(NINE) == "mine"


def test_a_person_s_word_goes_before_a_method_s_and_stays_before_it(
    opened: Open,
) -> None:
    opened("source").accept(SEVEN, "cities")
    other = opened("other", wanted=None)
    other.say(SEVEN, "of, the", "proposed", method="token_frequency")
    other.project.close()
    other = opened("other")
    assert (other.offered, other.project.state.label(SEVEN)) == (1, "cities")
    assert not other.project.state.machine_may_label(SEVEN, "of, the")
    assert other.project.state.machine_may_label(NINE, "of, the")
    other.reject(SEVEN)
    assert other.project.state.machine_may_label(SEVEN, "of, the")


def test_what_became_of_an_offer_is_respected(opened: Open) -> None:
    source = opened("source")
    source.accept(SEVEN, "cities")
    source.accept(NINE, "towns")
    other = opened("other")
    other.reject(SEVEN)
    other.project.close()
    other = opened("other")
    assert other.offered == 0
    other.project.undo()
    other.project.undo()
    assert other.project.state.label(NINE) == ""
    other.project.close()
    other = opened("other")
    assert other.offered == 0, "it could be done again, and then no longer"
    other.say(SEVEN, "a new step", "proposed", method="m")
    assert other.keeper.offer() == 0, "it was taken back on purpose"
    source.accept(NINE, "villages")
    assert other.keeper.offer() == 1
    assert other.project.state.label(NINE) == "villages"


def test_what_is_known_since_goes_before_what_was_known(opened: Open) -> None:
    source = opened("source")
    source.accept(SEVEN, "cities")
    other = opened("other")
    source.accept(SEVEN, "towns")
    assert other.keeper.offer() == 1
    assert other.project.state.label(SEVEN) == "towns"


def test_what_could_be_done_again_is_not_lost_to_an_offer(opened: Open) -> None:
    other = opened("other")
    other.say(NINE, "a step", "proposed", method="m")
    other.project.undo()
    opened("source").accept(SEVEN, "cities")
    assert other.keeper.offer() == 0
    assert other.project.redo() == "proposed"
    assert other.keeper.offer() == 1


def test_of_several_people_s_labels_the_newest_is_proposed(
    opened: Open, library: LabelLibrary
) -> None:
    def said(author: str, text: str, at: str) -> LibraryEntry:
        return LibraryEntry(
            model=SEVEN.model,
            source_set=SEVEN.source_set,
            layer=0,
            index=7,
            text=text,
            author=author,
            at=at,
        )

    library.add(
        [
            said("ann", "cities", "2026-01-01"),
            said("bob", "towns of\nTexas, at length" * 9, "2026-02-01"),
            said("cy", "places", "2026-03-01"),
            said("di", "cities", "2026-04-01"),
            said("", "x", ""),
            *(said(f"e{n}", f"word {n}", f"2025-01-0{n}") for n in range(1, 4)),
        ]
    )
    work = opened("work")
    last = work.last(SEVEN)
    assert last.text == "cities"
    assert last.reason.startswith("di accepted it on 2026-04-01; others say “places” ")
    assert "“places” (cy), “towns of Texas, at length" in last.reason
    assert last.reason.endswith("“word 3” (e3) and 3 more")
    assert "\n" not in last.reason
    assert len(last.reason) < 300
    work.reject(SEVEN)
    assert work.keeper.offer() == 1
    assert work.last(SEVEN).text == "places", "the next that nobody refused here"


def test_a_project_is_no_origin_of_its_own(
    opened: Open, library: LabelLibrary, tmp_path: Path
) -> None:
    work = opened("work")
    work.accept(SEVEN, "cities")
    work.project.save_copy(tmp_path / "copy.gloss")
    copy = opened("copy")
    copy.project.undo()
    copy.say(NINE, "a new step", "proposed", method="m")
    assert [one.project for one in library.entries()] == ["work"]
    assert copy.keeper.offer() == 0, "it said so itself, and took it back"
    work.accept(NINE, "say Austin", "bob")
    assert copy.keeper.offer() == 1, "what was said after it was copied is news"
    assert copy.last(NINE).reason.startswith("bob wrote it on ")


def test_what_is_accepted_from_the_library_is_a_label_there_and_here(
    opened: Open, library: LabelLibrary
) -> None:
    source = opened("source")
    source.accept(SEVEN, "cities")
    other = opened("other")
    other.accept(SEVEN, "cities", "bob")
    assert (other.last(SEVEN).status, other.last(SEVEN).method) == (
        "accepted",
        "library",
    )
    source.project.undo()
    assert known(library) == [("0/7", "cities", "other")]
    third = opened("third")
    assert third.last(SEVEN).reason.startswith("bob accepted it on ")
    assert "after" not in third.last(SEVEN).reason


def test_attention_features_are_told_apart(opened: Open) -> None:
    attention = feature_node(0, 7, 2, feature_type="lorsa", node_id="0_7_2_a")
    graph = tracer_graph([*tracer_nodes(), attention])
    source = opened("source", graph)
    (own,) = (f for f in source.project.state.features() if f.attention)
    source.accept(own, "attends to cities")
    other = opened("other", graph)
    assert other.offered == 1
    assert other.project.state.label(own) == "attends to cities"
    assert other.project.state.label(SEVEN) == ""


@pytest.mark.shared
def test_real_graphs_of_one_source_share_their_labels(
    shared: Path, tmp_path: Path, library: LabelLibrary
) -> None:
    folder = shared / "graphs" / "gemma-clt"
    dallas = folder / "gemma-2-2b-clt-hp-Dallas.json"
    source = add_graphs(tmp_path / "dallas.gloss", [read_graph(dallas)], [dallas])
    LibraryKeeper(source, library, print)
    state = source.state
    texts = {f: state.label(f) or "mine" for f in state.features()}
    for feature, text in texts.items():
        source.apply("accept", accept_edits(state, feature, text, "ann"))
    assert len(library.entries()) == len(texts) == 191
    bird = folder / "bird-clt-hp.json"
    other = add_graphs(tmp_path / "bird.gloss", [read_graph(bird)], [bird])
    shared_features = set(texts) & set(other.state.features())
    assert LibraryKeeper(other, library, print).offer() == len(shared_features) == 33
    assert {f: other.state.label(f) for f in shared_features} == {
        f: texts[f] for f in shared_features
    }
    source.close()
    other.close()
