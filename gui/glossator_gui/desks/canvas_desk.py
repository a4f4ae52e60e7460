"""How the canvas is looked at: what stays lit, which links, how near."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer

from glossator.graph.neighbourhood import MOST_HOPS
from glossator.layout.drawn_links import LinkChoice
from glossator.project.project import Project
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.models.canvas_settings import (
    CanvasSettings,
    from_stored,
    stored_text,
)
from glossator_gui.session import Session
from glossator_gui.views.link_graph.link_controls import hops_text

_SETTING = "canvas"
_PAUSE_MS = 400
"""A slider moves in many steps; only where it rests is kept."""
_ZOOM = 1.4


class CanvasDesk(QObject):
    """Connects what is set about the canvas with its views and the project's file."""

    def __init__(
        self, session: Session, graph: GraphDesk, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._desk = graph
        self._settings = CanvasSettings()
        self._project: Project | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._keep)
        session.opened.connect(self._on_opened)
        graph.controls.choice_changed.connect(self._on_choice_changed)
        graph.controls.context_changed.connect(self._on_context_changed)
        graph.controls.done.connect(graph.canvas.setFocus)
        graph.pruning.moved.connect(self._on_slider_moved)
        graph.link_pruning.moved.connect(self._on_slider_moved)

    @property
    def settings(self) -> CanvasSettings:
        return self._settings

    def handlers(self) -> Mapping[str, Handler]:
        canvas = self._desk.canvas
        return {
            "fit": canvas.fit,
            "fit_selection": canvas.fit_selection,
            "zoom_in": partial(canvas.zoom, _ZOOM),
            "zoom_out": partial(canvas.zoom, 1 / _ZOOM),
            "fewer_hops": partial(self._step_hops, -1),
            "more_hops": partial(self._step_hops, 1),
            "dim": self._switch_dimming,
            "minimap": self._switch_minimap,
            "focus_links": self._desk.controls.focus_links,
        }

    def close(self) -> None:
        """Keep what was set last before the window goes."""
        if self._pause.isActive():
            self._pause.stop()
            self._keep()

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        # It is said as well when a graph was added.
        if self.session.project is self._project:
            return
        self._pause.stop()
        self._project = self.session.project
        stored = self._project.setting(_SETTING) if self._project else ""
        self._settings = from_stored(stored)
        for slider, percent in (
            (self._desk.pruning, self._settings.node_percent),
            (self._desk.link_pruning, self._settings.link_percent),
        ):
            slider.blockSignals(True)
            slider.set_percent(percent)
            slider.blockSignals(False)
        self._desk.controls.set_choice(self._settings.choice)
        self._show()

    def _show(self) -> None:
        settings, canvas = self._settings, self._desk.canvas
        canvas.set_link_choice(settings.choice)
        canvas.set_context(settings.hops, dims=settings.dims)
        canvas.set_minimap(settings.minimap)
        self._desk.controls.set_context(settings.hops, dims=settings.dims)

    def _keep(self) -> None:
        self.session.put_setting(_SETTING, stored_text(self._settings))

    # -- gestures -------------------------------------------------------------------

    def _set(self, settings: CanvasSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._show()
            self._pause.start()

    def _on_choice_changed(self, choice: LinkChoice) -> None:
        self._set(replace(self._settings, choice=choice))

    def _on_context_changed(self, hops: int, dims: bool) -> None:
        self._set(replace(self._settings, hops=hops, dims=dims))

    def _on_slider_moved(self) -> None:
        self._set(
            replace(
                self._settings,
                node_percent=round(100 * self._desk.pruning.share),
                link_percent=round(100 * self._desk.link_pruning.share),
            )
        )

    def _step_hops(self, by: int) -> None:
        hops = min(max(self._settings.hops + by, 0), MOST_HOPS)
        self._set(replace(self._settings, hops=hops, dims=True))
        self.session.told.emit(f"Lit around the selection: {hops_text(hops).lower()}.")

    def _switch_dimming(self) -> None:
        self._set(replace(self._settings, dims=not self._settings.dims))
        dims = "The rest dims" if self._settings.dims else "Everything stays lit"
        self.session.told.emit(f"{dims} where something is selected.")

    def _switch_minimap(self) -> None:
        self._set(replace(self._settings, minimap=not self._settings.minimap))
        wanted = self._settings.minimap
        text = "shown where a part alone is in view" if wanted else "hidden"
        self.session.told.emit(f"The minimap is {text}.")
