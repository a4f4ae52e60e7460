"""What a user wants of every project, and what is kept on this machine."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from glossator.device import DEVICE_VARIABLE, best_device
from glossator.errors import InputError
from glossator.labelers.label_settings import LabelSettings
from glossator.preferences import (
    Preferences,
    read_preferences,
    use_device,
    write_preferences,
)
from glossator.protocol.embedding_store import EmbeddingStore, trim_store
from glossator.protocol.protocol_settings import ProtocolSettings

CHOSEN = Preferences(
    protocol=ProtocolSettings(z_threshold=4.0),
    labelling=LabelSettings(tier2="nla", dollars=2.5),
    device="cpu",
    embeddings_mb=100,
    library=False,
)


def test_they_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "preferences.json"
    assert read_preferences(path) == Preferences()
    write_preferences(CHOSEN, path)
    assert read_preferences(path) == CHOSEN
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not readable as JSON"),
        ('{"device": "abacus"}', "device: invalid enum value 'abacus'"),
        ('{"labelling": {"dollars": "two"}}', "labelling.dollars: expected"),
    ],
    ids=["cut", "device", "dollars"],
)
def test_a_broken_file_is_told_and_stays(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as raised:
        read_preferences(path)
    assert str(raised.value).startswith(str(path))
    assert path.read_text() == text


def test_what_cannot_be_used_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    write_preferences(CHOSEN, path)
    for wrong in (
        Preferences(embeddings_mb=-1),
        Preferences(protocol=ProtocolSettings(z_threshold=1000.0)),
        Preferences(labelling=LabelSettings(tier1="no such method")),
    ):
        with pytest.raises(InputError):
            write_preferences(wrong, path)
    assert read_preferences(path) == CHOSEN


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_preferences(CHOSEN, tmp_path / "file" / "preferences.json")


def test_the_device_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEVICE_VARIABLE, raising=False)
    best = best_device()
    use_device("mps" if best != "mps" else "cpu")
    assert best_device() != best
    use_device("")
    assert best_device() == best


def stored(path: Path) -> list[str]:
    """Which of the texts a store still holds."""
    store = EmbeddingStore(path, "made")
    texts = [f"text {n}" for n in range(1000)]
    held = [texts[at] for at in sorted(store.load(texts).at)]
    store.close()
    return held


def test_the_oldest_embeddings_go_first(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.sqlite"
    store = EmbeddingStore(path, "made")
    for n in range(1000):
        store.add([f"text {n}"], np.full((1, 384), n, np.float32))
    store.close()
    before = path.stat().st_size
    trim_store(path, before)
    assert len(stored(path)) == 1000
    trim_store(path, before // 2)
    held = stored(path)
    assert path.stat().st_size <= before // 2 + 2 * 8192
    assert 400 < len(held) < 600
    assert held == [f"text {n}" for n in range(1000 - len(held), 1000)]


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE t (x)")
    content = path.read_bytes()
    trim_store(path, 0)
    trim_store(tmp_path / "none", 0)
    assert path.read_bytes() == content
