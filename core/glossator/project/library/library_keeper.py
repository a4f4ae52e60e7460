"""The link between an open project and the label library."""

from collections.abc import Collection
from typing import Protocol

from glossator.errors import GlossatorError
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.library.label_library import FollowedProject, LabelLibrary
from glossator.project.library.library_entry import LibraryEntry, checked_time
from glossator.project.library.library_offers import (
    OFFER_TITLE,
    lasting_features,
    offer_edits,
    open_features,
)
from glossator.project.project import Change, Project
from glossator.project.revision import Subject, feature_subject, storable
from glossator.project.state import NumberedRevision


def offered_text(n: int) -> str:
    """Tell a person how many labels the library proposes."""
    return (
        "1 label of your library is proposed"
        if n == 1
        else f"{n:,} labels of your library are proposed"
    )


class Teller(Protocol):
    def __call__(self, text: str, /) -> None:
        """Tell a person something, in one sentence."""
        ...


class LibraryKeeper:
    """Keeps the library in step with what persons say in one open project.

    The library holds what the project says now: an undone or refused label goes from
    it. What it misses while it is broken, busy or not wanted it learns with the next
    change, or when the project is opened next. Its troubles are told once and stop
    nothing.
    """

    def __init__(
        self, project: Project, library: LabelLibrary | None, tell: Teller
    ) -> None:
        """Bring the library up to date, and listen to the project.

        Parameters
        ----------
        library : None keeps nothing and proposes nothing.
        """
        self._project = project
        self._library = library
        self._tell = tell
        self._told: set[str] = set()
        self._features: dict[Subject, tuple[FeatureKey, str]] = {}
        self._held: dict[Subject, int] | None = None
        """Numbers of the revisions that the library has; None before it was asked."""
        self._untold: set[Subject] = set()
        self._find_features()
        self._follow(())
        project.on_change(self._on_change)

    def use(self, library: LabelLibrary | None) -> None:
        """Go on with another library, or none; what the one before has it keeps."""
        if library is not self._library:
            self._library, self._held = library, None
            self._follow(())

    def offer(self) -> int:
        """Propose what the library knows of features without a label; how many.

        Nothing is proposed while something undone could be done again, for then it no
        longer could.
        """
        project, library = self._project, self._library
        try:
            if library is None or project.steps().redo:
                return 0
            known = library.known(open_features(project.state))
            edits = offer_edits(project.state, known, project.id)
            return len(edits) if project.apply(OFFER_TITLE, edits) else 0
        except GlossatorError as error:
            self._tell_trouble(error)
            return 0

    def _on_change(self, change: Change) -> None:
        if "graphs" in change.kinds:
            self._find_features()
            self._follow(self._features.keys())
        elif "labels" in change.kinds:
            self._follow(change.subjects)

    def _find_features(self) -> None:
        self._features.update(
            (feature_subject(feature), (feature, slug))
            for feature, slug in lasting_features(self._project.state).items()
        )

    def _follow(self, subjects: Collection[Subject]) -> None:
        """Tell the library what persons say now of these features.

        What it could not be told is told with the next change.
        """
        library = self._library
        if library is None:
            return
        self._untold.update(subjects)
        try:
            here = self._here()
            if self._held is None:
                self._held = self._asked(library, here)
                self._untold.update(self._features)
            held, said = self._held, self._said()
            fresh = [s for s in said if held.get(s) != said[s].number]
            gone = [s for s in self._untold if s in held and s not in said]
            if fresh or gone:
                entries = [self._entry(s, said[s], here) for s in fresh]
                library.follow(here, entries, [self._features[s][0] for s in gone])
            held.update((s, said[s].number) for s in fresh)
            for subject in gone:
                del held[subject]
            self._untold.clear()
        except GlossatorError as error:
            self._tell_trouble(error)

    def _said(self) -> dict[Subject, NumberedRevision]:
        """What persons say now of features that the library was not told of."""
        histories = self._project.state.revisions
        last = {s: histories[s][-1] for s in self._untold if histories.get(s)}
        return {
            subject: said
            for subject, said in last.items()
            if said.revision.by_person
            and said.revision.shown
            and subject in self._features
        }

    def _here(self) -> FollowedProject:
        path = self._project.path.resolve()
        return FollowedProject(
            self._project.id, storable(str(path)), storable(path.stem)
        )

    def _asked(
        self, library: LabelLibrary, here: FollowedProject
    ) -> dict[Subject, int]:
        """What the library has of this project, be the feature here or not."""
        held: dict[Subject, int] = {}
        for feature, number in library.held_of(here).items():
            held[feature_subject(feature)] = number
            self._features.setdefault(feature_subject(feature), (feature, ""))
        return held

    def _entry(
        self, subject: Subject, said: NumberedRevision, here: FollowedProject
    ) -> LibraryEntry:
        feature, slug = self._features[subject]
        revision = said.revision
        return LibraryEntry(
            model=storable(feature.model),
            source_set=storable(feature.source_set),
            layer=feature.layer,
            index=feature.index,
            attention=feature.attention,
            text=revision.text,
            status="edited" if revision.status == "edited" else "accepted",
            author=revision.author,
            method=revision.method,
            labeler_model=revision.model,
            tier=revision.tier,
            at=checked_time(revision.at),
            project=here.name,
            project_id=here.id,
            graph=storable(slug),
            revision=said.number,
        )

    def _tell_trouble(self, error: GlossatorError) -> None:
        text = f"The label library does not follow: {error}"
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
