"""Fetched records in a file: whole, dated, and the same on another machine."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from glossator.errors import EvidenceError
from glossator.evidence.evidence_store import (
    APPLICATION_ID,
    EvidenceStore,
    EvidenceStoreError,
)
from glossator.evidence.feature_evidence import EvidenceSource
from glossator.evidence.feature_service import Absent, Record, RecordKind
from glossator.evidence.open_source import open_evidence
from glossator.graph.attribution_graph import FeatureKey
from tests.core.graph_documents import as_bytes, feature_json, neuron_row

KEY = FeatureKey("gemma-2-2b", "clt-hp", 2, 9)
OTHER = FeatureKey("gemma-2-2b", "clt-hp", 2, 10)
PAGE = "https://www.neuronpedia.org/gemma-2-2b/2-clt-hp/9"
ROW = Record(KEY, "neuronpedia row", as_bytes(neuron_row(2, 9)), PAGE)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    path = tmp_path / "folder" / "x.evidence"
    return EvidenceStore.create(path, "Neuronpedia", "https://x.org")


def test_a_record_is_evidence_that_tells_its_address_and_date(
    store: EvidenceStore,
) -> None:
    store.add([ROW])
    found = store.evidence(KEY)
    assert found is not None
    assert found.feature == KEY
    assert [e.tokens for e in found.examples] == [("A", " big", " dog")]
    assert found.explanations[0].text == "animals"
    address, _, fetched = found.origin.partition(", fetched ")
    assert address == PAGE
    assert fetched.startswith("20")
    assert fetched.endswith("+00:00")


def test_records_of_both_kinds_and_absences(store: EvidenceStore) -> None:
    assert isinstance(store, EvidenceSource)
    attention = FeatureKey("gemma-2-2b", "clt-hp", 2, 9, attention=True)
    document = as_bytes(feature_json(activation_frequency=0.5))
    store.add([Record(OTHER, "feature JSON", document, "https://x.org/10.json")])
    store.add([ROW])
    store.add([Absent(attention, "https://x.org/a9")])
    other = store.evidence(OTHER)
    assert other is not None
    assert other.density == 0.5
    assert store.evidence(attention) is None
    assert store.features == (OTHER, KEY)
    assert store.absent == (attention,)
    unknown = FeatureKey("gemma-2-2b", "clt-hp", 3, 9)
    assert store.evidence(unknown) is None
    assert store.without([attention, unknown, KEY]) == (unknown,)


def test_a_later_answer_takes_the_place_of_an_earlier_one(
    store: EvidenceStore,
) -> None:
    store.add([Absent(KEY, PAGE)])
    store.add([ROW])
    assert (store.features, store.absent) == ((KEY,), ())


def test_it_is_stored_verbatim(store: EvidenceStore) -> None:
    import zlib

    store.add([ROW])
    with closing(sqlite3.connect(store.path)) as connection:
        ((kind, data),) = connection.execute("SELECT kind, json FROM record")
    assert kind == "neuronpedia row"
    assert zlib.decompress(data) == ROW.data


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("neuronpedia row", ROW.data[:-20]),
        ("neuronpedia row", b"{}"),
        ("neuronpedia row", b"<html>"),
        ("neuronpedia row", as_bytes(neuron_row(2, 9, [(["a", "b"], [1.0])]))),
        ("feature JSON", as_bytes(neuron_row(2, 9))),
        ("feature JSON", b""),
    ],
)
def test_what_does_not_decode_is_not_stored(
    store: EvidenceStore, kind: RecordKind, data: bytes
) -> None:
    other = Record(OTHER, ROW.kind, ROW.data, PAGE)
    (refused,) = store.add([Record(KEY, kind, data, PAGE), other])
    assert refused.feature == KEY
    assert PAGE in refused.reason
    assert store.features == (OTHER,)


def test_a_copy_works_elsewhere(store: EvidenceStore, tmp_path: Path) -> None:
    store.add([ROW])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "copied.db"
    shutil.copy(store.path, copy)
    store.path.unlink()
    copy.chmod(0o400)
    elsewhere.chmod(0o500)
    try:
        source = open_evidence(copy)
        assert source.name == f"Neuronpedia (fetched) {copy}"
        assert source.evidence(KEY) is not None
    finally:
        elsewhere.chmod(0o700)


def test_made_once_and_opened_again(store: EvidenceStore) -> None:
    store.add([ROW])
    again = EvidenceStore.create(store.path, "Another", "https://y.org")
    assert again.features == (KEY,)
    assert (again.title, again.address) == ("Neuronpedia", "https://x.org")


def test_one_that_was_killed_while_it_was_made_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.evidence"
    path.touch()
    assert EvidenceStore.create(path, "Neuronpedia", "https://x.org").features == ()


# Files that cannot be used


def _alter(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_other_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.evidence"
    text.write_text("no database " * 1000)
    database = tmp_path / "other.evidence"
    _alter(database, "CREATE TABLE t (x)")
    for path, told in (
        (tmp_path / "absent.evidence", "unable to open"),
        (text, "not a database"),
        (database, "none of fetched evidence"),
    ):
        with pytest.raises(EvidenceStoreError) as refused:
            EvidenceStore(path)
        assert str(path) in str(refused.value)
        assert told in str(refused.value)
    for path in (text, database):
        with pytest.raises(EvidenceStoreError):
            EvidenceStore.create(path, "x", "y")
    with pytest.raises(EvidenceError, match="none of fetched evidence"):
        open_evidence(database)


def test_one_of_a_newer_version_is_refused(store: EvidenceStore) -> None:
    _alter(store.path, "PRAGMA user_version = 2")
    for open_it in (EvidenceStore, open_evidence):
        with pytest.raises(EvidenceError, match=r"newer version \(format 2"):
            open_it(store.path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("json = zeroblob(40)", "gzip data is broken"),
        ("json = substr(json, 1, 60)", "cut off"),
        ("json = NULL", "no known kind"),
        ("json = 'text'", "no known kind"),
        ("kind = 'of tomorrow'", "'of tomorrow'"),
        ("kind = 'feature JSON'", "examples_quantiles"),
    ],
)
def test_a_damaged_record_is_told_and_hides_no_other(
    store: EvidenceStore, change: str, told: str
) -> None:
    store.add([Record(OTHER, ROW.kind, ROW.data, PAGE)])
    store.add([ROW])
    _alter(store.path, f"UPDATE record SET {change} WHERE number = 9")
    with pytest.raises(EvidenceError) as refused:
        store.evidence(KEY)
    assert str(store.path) in str(refused.value)
    assert told in str(refused.value)
    assert store.evidence(OTHER) is not None


def test_a_damaged_file_is_told(store: EvidenceStore) -> None:
    store.add([ROW])
    data = bytearray(store.path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    store.path.write_bytes(bytes(data))
    with pytest.raises(EvidenceError, match="cannot be read or written"):
        EvidenceStore(store.path).evidence(KEY)


# Several at once, and killed ones

_WRITER = """
import sys
from pathlib import Path
from glossator.evidence.evidence_store import EvidenceStore
from tests.core.test_evidence_store import ROW
from dataclasses import replace
store = EvidenceStore(Path(sys.argv[1]))
for number in range(100_000):
    store.add([replace(ROW, feature=replace(ROW.feature, index=number))])
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_stored(store: EvidenceStore) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(store.path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert writer.stdout is not None
    for _ in range(20):
        told = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    told = int(rest[-1]) if rest else told
    stored = [feature.index for feature in store.features]
    assert stored[: told + 1] == list(range(told + 1))
    assert len(stored) <= told + 2
    for feature in store.features:
        assert store.evidence(feature) is not None


def test_read_while_another_writes(store: EvidenceStore) -> None:
    def write() -> None:
        for number in range(30):
            feature = FeatureKey("gemma-2-2b", "clt-hp", 2, number)
            store.add([Record(feature, ROW.kind, ROW.data, PAGE)])

    writer = threading.Thread(target=write)
    writer.start()
    reader = EvidenceStore(store.path)
    seen = 0
    while writer.is_alive():
        features = reader.features
        assert len(features) >= seen
        seen = len(features)
        assert all(reader.evidence(feature) for feature in features[-2:])
    writer.join()
    assert len(reader.features) == 30


def test_the_number_by_which_files_tell_it(store: EvidenceStore) -> None:
    assert store.path.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big")
