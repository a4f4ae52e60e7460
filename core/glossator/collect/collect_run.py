"""Evidence of a graph's features: run a model over texts and keep what they do."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from glossator import __version__, json_document
from glossator.collect.collect_report import (
    COLLECTION_NAME,
    Collection,
    CollectReport,
)
from glossator.collect.collect_settings import CollectInput
from glossator.errors import InputError
from glossator.evidence.feature_folder import INDEX_NAME
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.model.neurons import NEURON_KINDS, NeuronReplacement
from glossator.model.replacement import Replacement
from glossator.progress import CancelToken, Progress

if TYPE_CHECKING:
    from glossator.collect.observation import Observer
    from glossator.collect.run_state import RunState


def collect_evidence(
    given: CollectInput, cancel: CancelToken
) -> Generator[Progress, None, CollectReport]:
    """Collect evidence of features into a folder that `FeatureFolder` reads.

    Stopped by the token, by an error or with the whole program, it goes on where it was
    when it is started with the same input again, and comes to the same evidence.

    Raises
    ------
    ModelError, ReplacementError
        if the model or a feature cannot be had, or one chunk is too large for memory.
    InputError
        if a setting or a text cannot be used, or the folder holds something else.
    Cancelled
        between two batches; what was found until then is stored.
    """
    _check(given)
    finished = _finished(given)
    if finished is not None:
        return finished
    yield Progress(0, 0, "loading the model")
    from glossator.collect.corpus_run import STATE_NAME, open_state, run_corpus

    model = _open_model(given)
    bos = model.token_id(given.settings.bos) if given.settings.bos else model.bos
    longest = given.settings.context_length - (bos is not None)
    observer = _observer(given, model, bos)
    state = open_state(given, observer, longest)
    yield from run_corpus(given, observer, state, longest, cancel)
    yield Progress(0, 0, "writing the evidence")
    report = write_evidence(given, observer, state)
    (given.folder / STATE_NAME).unlink(missing_ok=True)
    return report


def _check(given: CollectInput) -> None:
    if not given.features:
        raise InputError("there is no feature to collect evidence of", field="features")
    if any(feature.attention for feature in given.features):
        raise InputError("attention features cannot be collected", field="features")
    given.settings.checked()
    try:
        given.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=given.folder) from error


def _finished(given: CollectInput) -> CollectReport | None:
    """The report of this very collection, if it is in the folder already.

    Raises
    ------
    InputError
        if something else is.
    """
    folder, path = given.folder, given.folder / COLLECTION_NAME
    if path.is_file():
        held = json_document.decode(path.read_bytes(), Collection, source=path)
        if held.digest == given.digest():
            return CollectReport(folder, held)
        raise InputError(
            f"the folder holds what {held.model} does on {held.corpus}, collected with "
            "other settings or of other features; choose another",
            source=folder,
        )
    if (folder / INDEX_NAME).is_file() and not any(folder.glob("unfinished.*")):
        raise InputError(
            "the folder holds other evidence; choose another", source=folder
        )
    return None


def _open_model(given: CollectInput) -> LanguageModel:
    settings = given.settings
    model = open_language_model(
        given.model,
        device=settings.device,
        dtype=settings.dtype,
        gguf_file=given.gguf_file,
    )
    if settings.context_length > model.longest:
        raise InputError(
            f"{settings.context_length} is more than the {model.longest} tokens the "
            "model was made for",
            field="context_length",
        )
    return model


def _observer(given: CollectInput, model: LanguageModel, bos: int | None) -> "Observer":
    from glossator.collect.observation import Observer

    replacement: Replacement
    if given.replacement in NEURON_KINDS:
        replacement = NeuronReplacement(model, given.replacement)
    else:
        from glossator.model.open_replacement import open_replacement

        replacement = open_replacement(given.replacement, reads=given.reads)
    return Observer(model, replacement, given.features, bos)


def write_evidence(
    given: CollectInput, observer: "Observer", state: "RunState"
) -> CollectReport:
    """Write the evidence, and last of all what it was made of."""
    from glossator.collect.feature_files import write_packed
    from glossator.collect.feature_record import NEURON_FLOOR, RecordMaker
    from glossator.collect.logit_effects import logit_tokens

    model, done = observer.model, state.progressed
    maker = RecordMaker(
        state=state,
        features=observer.features,
        vocabulary=model.vocabulary,
        source_set=given.features[0].source_set,
        settings=given.settings,
        floor=NEURON_FLOOR if given.replacement in NEURON_KINDS else 0.0,
    )
    logits = enumerate(logit_tokens(model, observer.layers))
    write_packed(given.folder, (maker.record(at, tokens) for at, tokens in logits))
    held = Collection(
        digest=done.digest,
        model=given.model,
        replacement=given.replacement,
        corpus=given.corpus.name,
        n_features=len(observer.features),
        n_silent=int((state.largest <= 0).sum()),
        n_documents=done.start.documents,
        n_tokens=done.n_tokens,
        device=str(model.device),
        dtype=str(model.dtype).removeprefix("torch."),
        batch_tokens=done.batch_tokens,
        settings=given.settings,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )
    _write_collection(given.folder / COLLECTION_NAME, held)
    return CollectReport(given.folder, held)


def _write_collection(path: Path, held: Collection) -> None:
    told = msgspec.json.format(msgspec.json.encode(held))
    path.write_bytes(told + b"\n")
