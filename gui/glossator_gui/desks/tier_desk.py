"""Tiers by layer: the chart, and re-tiering from stored scores."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTabWidget

from glossator.evaluation.tier_report import ScoredFeatures, strata_of
from glossator.evaluation.tiers_by_layer import (
    LayerTest,
    TierCounts,
    expected_false,
    layer_tests,
    layers_of,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.project import Change
from glossator.project.revision import Subject, feature_subject
from glossator.protocol.decision import ProtocolResult, Tier
from glossator.protocol.protocol_settings import ProtocolSettings, RoutingName
from glossator.retiering import (
    StoredScores,
    retier_edits,
    retiered,
    settings_in_force,
)
from glossator_gui.actions.spec import Handler
from glossator_gui.jobs import ComputationSlot
from glossator_gui.look.theme import Theme
from glossator_gui.session import Session
from glossator_gui.views.tier_chart.view import TierPicture, TierView

_TITLE = "re-tier"
_REFRESH_MS, _PAUSE_MS = 120, 150
_BATCH = 40
"""Results stored between two frames."""


class TierDesk(QObject):
    """Connects the page of tiers with the session; it works only while it is seen."""

    def __init__(self, session: Session, tabs: QTabWidget, parent: QObject) -> None:
        """Add the page to `tabs`."""
        super().__init__(parent)
        self.session = session
        self.view = TierView()
        self._tabs = tabs
        tabs.addTab(self.view, "Tiers")
        self._project = session.project
        self._held = _Held.of(session)
        self._scope: list[int] = []
        self._tried: ProtocolSettings | None = None
        self._tiers: list[Tier] = []
        self._waiting: deque[Subject] = deque()
        self._step: int | None = None
        self._reckoning = ComputationSlot(self)
        self._reckoning.succeeded.connect(self._on_reckoned)
        self._reckoning.failed.connect(session.failed)
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._reckon)
        self._storing = QTimer(self, interval=0)
        self._storing.timeout.connect(self._store_batch)
        tabs.currentChanged.connect(self.refresh)
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self.refresh)
        session.changed.connect(self._on_changed)
        self.view.scope_chosen.connect(self._choose_scope)
        self.view.threshold_moved.connect(self._on_threshold_moved)
        self.view.apply_requested.connect(self.apply)
        self.view.reset_requested.connect(self.reset)
        self.view.segment_chosen.connect(self._on_segment_chosen)

    def handlers(self) -> Mapping[str, Handler]:
        return {"focus_tiers": self.show}

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def show(self) -> None:
        """Go to the page."""
        self._tabs.setCurrentWidget(self.view)
        self.view.bars.setFocus()

    def close(self) -> None:
        """Store what still waits, before the window goes."""
        while self._waiting:
            self._store_batch()
        self._reckoning.end()

    @property
    def storing(self) -> bool:
        """Whether results of an applied threshold are still being stored."""
        return bool(self._waiting)

    @property
    def settled(self) -> bool:
        """Whether all that was asked for is stored and shown."""
        timers = self._refresh.isActive() or self._pause.isActive()
        return not (timers or self.storing or self._reckoning.running)

    # -- what is shown --------------------------------------------------------------

    def refresh(self) -> None:
        """Take everything anew from the project."""
        self._refresh.stop()
        if self._tabs.currentWidget() is self.view and not self.storing:
            self._held = _Held.of(self.session)
            self._choose_scope()

    def _choose_scope(self) -> None:
        graph, features = self.session.graph, self._held.features
        if graph is None or self.view.of_all_graphs:
            self._scope = list(range(len(features)))
        else:
            held = frozenset(graph.features)
            self._scope = [at for at, f in enumerate(features) if f in held]
        self._show()

    def _show(self) -> None:
        held, state = self._held, self.session.state
        if not held.results:
            self.view.show_nothing()
            return
        settings = self._tried or held.in_force
        self._tiers = held.tiers if self._tried is None else held.scores.tiers(settings)
        changing = sum(a != b for a, b in zip(self._tiers, held.tiers, strict=True))
        picture = TierPicture(
            by_layer=self._by_layer(),
            n_layers=held.n_layers,
            now=Counter(held.tiers[at] for at in self._scope),
            n_unscored=self._n_in_scope() - len(self._scope),
            settings=settings,
            tried=changing > 0 or settings != held.in_force,
            n_changing=changing,
            n_fallen=held.n_fallen(settings),
            several_graphs=len(state.graphs) > 1,
        )
        self.view.show_picture(picture)
        self._pause.start()

    def _by_layer(self) -> TierCounts:
        features, counts = self._held.features, TierCounts()
        for at in self._scope:
            counts.setdefault(features[at].layer, Counter())[self._tiers[at]] += 1
        return dict(sorted(counts.items()))

    def _n_in_scope(self) -> int:
        graph = self.session.graph
        if graph is None or self.view.of_all_graphs:
            return self._held.n_features
        return len(graph.features)

    def _reckon(self) -> None:
        held = self._held
        results = {held.features[at]: held.results[at] for at in self._scope}
        scored = ScoredFeatures("", results, held.n_layers)
        self._reckoning.start(partial(_reckoned, scored, self._tried))

    def _on_reckoned(self, found: "_Findings") -> None:
        if not self._pause.isActive():
            self.view.show_findings(found.expected, found.tests, found.thirds)

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        if self.session.project is not self._project:
            self._project = self.session.project
            self._tried = None
            self._stop_storing()
        self.refresh()

    def _on_changed(self, change: Change) -> None:
        if "results" not in change.kinds:
            return
        if change.by in ("undo", "redo"):
            self._stop_storing()
            self._tried = None
            self._follow(change.by)
        if not self._refresh.isActive():
            self._refresh.start()

    def _follow(self, by: str) -> None:
        """Let the next run agree with a threshold that was undone or redone."""
        if self.session.project is None:
            return
        steps = self.session.project.steps()
        title = steps.redo if by == "undo" else steps.undo
        if title.startswith(_TITLE):
            self._remember(_Held.of(self.session).in_force)

    # -- what the view says ---------------------------------------------------------

    def _on_threshold_moved(self, routing: RoutingName, threshold: float) -> None:
        settings = msgspec.structs.replace(
            self._tried or self._held.in_force, routing=routing
        )
        if routing == "calibrated":
            settings = msgspec.structs.replace(settings, z_threshold=threshold)
        else:
            settings = msgspec.structs.replace(settings, raw_threshold=threshold)
        self._tried = settings
        self._show()

    def reset(self) -> None:
        """Try nothing any more."""
        self._tried = None
        self._show()

    def apply(self) -> None:
        """Store what is tried, as one step; labels stay."""
        if self._tried is None or self.storing:
            return
        self._step = None
        self._waiting.extend(map(feature_subject, self._held.features))
        self.view.set_busy(True)
        self._storing.start()

    def _store_batch(self) -> None:
        """Store some of what waits; another result that came meanwhile is taken."""
        settings, results = self._tried, self.session.state.results
        if settings is None:
            self._stop_storing()
            return
        batch = [self._waiting.popleft() for _ in range(_BATCH) if self._waiting]
        edits = retier_edits(
            [(at, results[at]) for at in batch if at in results], settings
        )
        if edits:
            title = f"{_TITLE} at {_words(settings)}"
            step = self.session.apply(title, edits, into=self._step)
            if step is None:
                self._stop_storing()
                self.refresh()
                return
            self._step = step
        if not self._waiting:
            self._on_stored(settings)

    def _on_stored(self, settings: ProtocolSettings) -> None:
        changed = sum(
            a != b for a, b in zip(self._tiers, self._held.tiers, strict=True)
        )
        self._remember(settings)
        self._tried = None
        self._stop_storing()
        self.refresh()
        noun = "feature is" if changed == 1 else "features are"
        self.session.told.emit(
            f"{changed:,} {noun} of another tier now, at {_words(settings)}. "
            "Undo takes it back."
        )

    def _stop_storing(self) -> None:
        self._waiting.clear()
        self._storing.stop()
        self._step = None
        self.view.set_busy(False)

    def _remember(self, settings: ProtocolSettings) -> None:
        self.session.put_protocol_settings(settings)

    def _on_segment_chosen(self, layer: int, tier: Tier) -> None:
        features = self._held.features
        chosen = [
            features[at]
            for at in self._scope
            if features[at].layer == layer and self._tiers[at] == tier
        ]
        graph = self.session.graph
        if graph is not None:
            # The last one says which graph is shown: rather this one than another.
            here = frozenset(graph.features)
            chosen.sort(key=lambda feature: feature in here)
        self.session.select_features(chosen)
        noun = "feature" if len(chosen) == 1 else "features"
        self.session.told.emit(
            f"Selected: {len(chosen):,} {tier} {noun} of layer {layer}"
        )


@dataclass(frozen=True, eq=False)
class _Held:
    """What the project holds of tiers: its scored features, in one order."""

    features: list[FeatureKey]
    results: list[ProtocolResult]
    tiers: list[Tier]
    scores: StoredScores
    in_force: ProtocolSettings
    n_features: int
    """Scored or not."""
    n_layers: int

    @classmethod
    def of(cls, session: Session) -> "_Held":
        state = session.state
        known = state.features()
        found = [(f, r) for f in known if (r := state.result(f)) is not None]
        features, results = [f for f, _ in found], [r for _, r in found]
        graphs = [entry.graph for entry in state.graphs.values()]
        depth = ScoredFeatures("", dict(found), layers_of(graphs)).depth
        return cls(
            features=features,
            results=results,
            tiers=[result.tier for result in results],
            scores=StoredScores.of(results),
            in_force=settings_in_force(results, session.protocol_settings()),
            n_features=len(known),
            n_layers=depth,
        )

    def n_fallen(self, settings: ProtocolSettings) -> int:
        """Features that pass now, and with these settings would not."""
        if settings.routing != "calibrated":
            return 0
        before = self.scores.passes(self.in_force.z_threshold)
        after = self.scores.passes(settings.z_threshold)
        return int(np.count_nonzero(before & ~after))


def _words(settings: ProtocolSettings) -> str:
    if settings.routing == "calibrated":
        return f"z {settings.z_threshold:g}"
    return f"raw {settings.raw_threshold:g}"


@dataclass(frozen=True)
class _Findings:
    """What takes longer than a frame to reckon."""

    expected: str
    tests: tuple[LayerTest, ...]
    thirds: str


def _reckoned(scored: ScoredFeatures, tried: ProtocolSettings | None) -> _Findings:
    results = dict(scored.results)
    if tried is not None:
        results = {f: retiered(result, tried) for f, result in results.items()}
    tried_features = ScoredFeatures(scored.name, results, scored.n_layers)
    return _Findings(
        expected=expected_false(results.values()).sentence,
        tests=layer_tests(strata_of([tried_features])),
        thirds=tried_features.thirds,
    )
