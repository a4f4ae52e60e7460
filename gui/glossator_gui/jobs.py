"""Work in the background: `JobSlot` runs a core generator in a process of its own.

A thread does not do: importing torch and tokenising hold the interpreter for up to half
a second at a time (``benchmarks/window/heartbeat.py``). The process only computes; it
sends progress, and what it found is applied on the GUI thread by whoever listens. A new
start ends the old job, whose late word is dropped.

`ComputationSlot` is for work on what the window already holds: no graph has to be sent
to another process, and numpy and files let the window go on. Python lets it, too, but
slower, so such work is short or rare.
"""

import gc
import multiprocessing
import threading
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal, NamedTuple, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from glossator.errors import Cancelled, GlossatorError
from glossator.progress import CancelToken, Progress

InputT_contra = TypeVar("InputT_contra", contravariant=True)

Order = Literal["pause", "resume", "cancel"]
COMPUTATION = "computation"
"""Name of the threads of `ComputationSlot`."""
_POLL_MS = 15
_LOOK_MS = 5
"""A computation is short: its end is looked for more often."""
_GRACE_MS = 5_000
"""For a process to go by itself when its job is done."""
_AT_ONCE = 4
"""Messages handled before the window gets its turn again."""


class Work(Protocol[InputT_contra]):
    """A module-level generator function: the process finds it by name."""

    def __call__(
        self, given: InputT_contra, cancel: CancelToken, /
    ) -> Generator[Progress, None, object]: ...


class _Succeeded(NamedTuple):
    result: object


class _Failed(NamedTuple):
    message: str


class _Stopped(NamedTuple):
    """Cancelled on request."""


def _serve(work: Work[InputT_contra], inlet: Connection, channel: Connection) -> None:
    """Run the generator in the child process and report on it."""
    try:
        given: InputT_contra = inlet.recv()
    except EOFError:
        return
    token = CancelToken()
    threading.Thread(target=_obey, args=(channel, token), daemon=True).start()
    generator = work(given, token)
    try:
        while True:
            channel.send(next(generator))
    except StopIteration as finished:
        channel.send(_Succeeded(finished.value))
    except Cancelled:
        channel.send(_Stopped())
    except GlossatorError as error:
        channel.send(_Failed(str(error)))
    except BrokenPipeError:
        pass
    except Exception as error:  # noqa: BLE001 - the process's last line of defence
        channel.send(_Failed(f"{type(error).__name__}: {error}"))
    finally:
        generator.close()


def _hand_over(outlet: Connection, given: object) -> None:
    """Send what a job is given; one that is ended meanwhile takes no more of it."""
    with outlet, suppress(OSError):
        outlet.send(given)


def _obey(channel: Connection, token: CancelToken) -> None:
    """Pass orders on to the token; a parent that is gone cancels."""
    while True:
        try:
            order: Order = channel.recv()
        except (EOFError, OSError):
            order = "cancel"
        match order:
            case "pause":
                token.pause()
            case "resume":
                token.resume()
            case "cancel":
                token.cancel()
                return


class JobSlot(QObject):
    """Runs one job at a time for one purpose."""

    progressed = Signal(object)
    """Progress."""
    succeeded = Signal(object)
    """The generator's result."""
    failed = Signal(str)
    stopped = Signal()
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: BaseProcess | None = None
        self._channel: Connection | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._on_poll)
        self.paused = False

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, work: Work[InputT_contra], given: InputT_contra) -> None:
        """Start a job; a running one is ended and no longer heard."""
        self.end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        inlet, outlet = context.Pipe(duplex=False)
        process = context.Process(
            target=_serve, args=(work, inlet, theirs), daemon=True
        )
        try:
            process.start()
        except OSError as error:
            ours.close()
            outlet.close()
            self.failed.emit(f"no process can be started ({error})")
            return
        finally:
            theirs.close()
            inlet.close()
        # The process takes it only when it has begun, and the window does not wait.
        _start(threading.Thread(target=_hand_over, args=(outlet, given), daemon=True))
        self._process, self._channel = process, ours
        self.paused = False
        self._poll.start()
        self.running_changed.emit(True)

    def pause(self) -> None:
        self._order("pause")
        self.paused = self.running
        self.running_changed.emit(self.running)

    def resume(self) -> None:
        self._order("resume")
        self.paused = False
        self.running_changed.emit(self.running)

    def cancel(self) -> None:
        """Ask the job to stop; `stopped` tells when it has."""
        self._order("cancel")

    def end(self) -> None:
        """Stop at once and hear no more; what it stored outside stays."""
        process = self._process
        self._forget()
        if process is not None:
            process.terminate()
            process.join()
            process.close()

    def _order(self, order: Order) -> None:
        if self._channel is not None:
            try:
                self._channel.send(order)
            except OSError:
                self._on_poll()

    def _on_poll(self) -> None:
        channel = self._channel
        for _ in range(_AT_ONCE):
            if channel is None or channel is not self._channel:
                return
            try:
                if not channel.poll():
                    return
                message = channel.recv()
            except (EOFError, OSError):
                message = _Failed("the process that computes ended unexpectedly")
            self._hear(message)

    def _hear(self, message: object) -> None:
        match message:
            case Progress():
                self.progressed.emit(message)
            case _Succeeded(result=result):
                self._finish()
                self.succeeded.emit(result)
            case _Failed(message=text):
                self._finish()
                self.failed.emit(text)
            case _:
                self._finish()
                self.stopped.emit()

    def _finish(self) -> None:
        process = self._process
        self._forget()
        if process is not None:
            # It said its last; to go takes a second where torch was at work.
            QTimer.singleShot(_GRACE_MS, partial(_reap, process))

    def _forget(self) -> None:
        self._poll.stop()
        if self._channel is not None:
            self._channel.close()
        self._channel = self._process = None
        self.paused = False
        self.running_changed.emit(False)


def _reap(process: BaseProcess) -> None:
    """Let go of a process that has ended, or end it."""
    if process.is_alive():
        process.terminate()
    process.join()
    process.close()


class Computation(Protocol):
    """Reads what does not change, and returns something new."""

    def __call__(self) -> object: ...


class ComputationSlot(QObject):
    """Runs one computation at a time in a thread; only the newest is told."""

    succeeded = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: _Computing | None = None
        self._next: Computation | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(_LOOK_MS)
        self._poll.timeout.connect(self._on_poll)

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self, computation: Computation) -> None:
        """Compute; what is asked for meanwhile waits, and only the last of it."""
        if self._thread is not None:
            self._next = computation
            return
        self._thread = _Computing(computation)
        _start(self._thread)
        self._poll.start()

    def end(self) -> None:
        """Hear no more, and wait for what runs: a thread cannot be stopped."""
        running, self._thread, self._next = self._thread, None, None
        self._poll.stop()
        if running is not None:
            running.join()

    def _on_poll(self) -> None:
        if self._thread is None or self._thread.is_alive():
            return
        outcome = self._thread.outcome
        self._poll.stop()
        self._thread, waiting, self._next = None, self._next, None
        if waiting is not None:
            self.start(waiting)
        elif isinstance(outcome, _Succeeded):
            self.succeeded.emit(outcome.result)
        else:
            self.failed.emit(outcome.message)


class _Computing(threading.Thread):
    """Holds no Qt object, nor the last reference to anything: it is looked at."""

    def __init__(self, computation: Computation) -> None:
        super().__init__(name=COMPUTATION)
        self._computation = computation
        self.outcome: _Succeeded | _Failed = _Failed("the computation was broken off")

    def run(self) -> None:
        try:
            self.outcome = _Succeeded(self._computation())
        except GlossatorError as error:
            self.outcome = _Failed(str(error))
        except Exception as error:  # noqa: BLE001 - the thread's last line of defence
            self.outcome = _Failed(f"{type(error).__name__}: {error}")


_at_work: list[threading.Thread] = []


def _start(thread: threading.Thread) -> None:
    """Start a thread, and collect no garbage until it has ended.

    Python collects in whichever thread happens to allocate. A Qt object in a cycle
    would be destroyed there, while the GUI thread may be sending it an event.
    """
    gc.disable()
    if not _at_work:
        QTimer.singleShot(_LOOK_MS, _collect_again)
    _at_work.append(thread)
    thread.start()


def _collect_again() -> None:
    """Let garbage be collected, now or when the last thread has ended."""
    _at_work[:] = [thread for thread in _at_work if thread.is_alive()]
    if _at_work:
        QTimer.singleShot(_LOOK_MS, _collect_again)
    else:
        gc.enable()
