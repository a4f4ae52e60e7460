"""Drawn nulls on disk: what comes back is what was drawn, or nothing."""

import io
import os
import pickle
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glossator.protocol.null_distribution import DrawnNull, ShippedNull, draw_nulls
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import Nulls
from glossator.protocol.protocol_settings import WINDOW_NAMES
from tests.core.unrelated_windows import made_features

DRAWS, N_MAX = 40, 8


def drawn(*, seed: int = 1, draws: int = DRAWS) -> Nulls:
    """All windows, and how sets of all sizes fall apart."""
    nulls = Nulls(
        dict(draw_nulls(made_features(30), n_max=N_MAX, draws=draws, seed=seed))
    )
    for name in WINDOW_NAMES:
        assert nulls.branches(name, N_MAX) is not None
    return nulls


@pytest.fixture(scope="module")
def nulls() -> Nulls:
    return drawn()


@pytest.fixture
def store(tmp_path: Path) -> NullStore:
    return NullStore(tmp_path / "nulls")


def check_same(found: Nulls | None, nulls: Nulls) -> None:
    """Every number that scoring asks for is identical."""
    assert found is not None
    assert found.origin == nulls.origin
    n = dict.fromkeys(WINDOW_NAMES, 5)
    z = dict(zip(WINDOW_NAMES, (1.0, 0.3, 2.0), strict=True))
    assert found.p_of_largest(z, n) == nulls.p_of_largest(z, n)
    for name in WINDOW_NAMES:
        null, other = nulls.of[name], found.of[name]
        assert isinstance(null, DrawnNull)
        assert isinstance(other, DrawnNull)
        assert np.array_equal(other.pairs, null.pairs)
        assert np.array_equal(other.centre, null.centre)
        assert other.centre.dtype == null.centre.dtype
        assert (other.n_max, other.origin) == (null.n_max, null.origin)
        for n_windows in range(2, N_MAX + 1):
            cell, same = null.of_n(n_windows), other.of_n(n_windows)
            assert cell is not None
            assert same is not None
            assert (same.mean, same.sd, same.draws) == (cell.mean, cell.sd, cell.draws)
            assert same.p(0.1) == cell.p(0.1)
        weights = np.array([3.0, 2.0, 1.0])
        expected = null.weighted_scores(weights)
        assert np.array_equal(other.weighted_scores(weights), expected)
        for n_windows in (6, 7, N_MAX):
            apart = nulls.branches(name, n_windows)
            again = found.branches(name, n_windows)
            assert apart is not None
            assert again is not None
            assert again.mean == apart.mean
            assert np.array_equal(again.sd, apart.sd, equal_nan=True)
            for clearness in (-1.0, 0.0, 1.0, 2.0, 9.0):
                assert again.p(clearness) == apart.p(clearness)
            assert again.needed(0.1) == apart.needed(0.1)


def test_what_comes_back_scores_the_same(store: NullStore, nulls: Nulls) -> None:
    assert store.load("a") is None
    store.add("a", nulls)
    check_same(store.load("a"), nulls)
    assert store.load("b") is None
    other = drawn(seed=2)
    store.add("b", other)
    check_same(store.load("b"), other)
    check_same(store.load("a"), nulls)


def test_how_sets_fall_apart_is_not_found_out_twice(
    store: NullStore, nulls: Nulls
) -> None:
    store.add("a", nulls)
    found = store.load("a")
    assert found is not None
    assert set(found.known_branches) == {(name, N_MAX) for name in WINDOW_NAMES}


def test_a_window_without_null_stays_one(store: NullStore, nulls: Nulls) -> None:
    store.add("a", Nulls({**nulls.of, "output": None}))
    found = store.load("a")
    assert found is not None
    assert found.of["output"] is None
    assert isinstance(found.of["input"], DrawnNull)
    assert found.known_branches == {}


def test_the_last_of_a_digest_counts(store: NullStore, nulls: Nulls) -> None:
    store.add("a", drawn(seed=2))
    store.add("a", nulls)
    check_same(store.load("a"), nulls)


# -- files of another kind -------------------------------------------------------------


class _Executed:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self._trace),))


def _columns(path: Path) -> dict[str, object]:
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _rewrite(path: Path, **changed: object) -> None:
    columns = {**_columns(path), **changed}
    kept = {name: value for name, value in columns.items() if value is not None}
    np.savez(path, **kept)  # type: ignore[arg-type]  # object arrays among them


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garbage(path: Path) -> None:
    path.write_bytes(b"no archive at all, and long enough to be looked at" * 99)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _other_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")


def _text_in_place_of_arrays(path: Path) -> None:
    names = list(_columns(path))
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "hello")


def _single_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones((4, 3), np.float32))


def _pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Executed(path.parent / "executed")))


def _objects(path: Path) -> None:
    hostile = np.array([_Executed(path.parent / "executed")], dtype=object)
    _rewrite(path, input=hostile)


def _object_origin(path: Path) -> None:
    hostile = np.array(_Executed(path.parent / "executed"), dtype=object)
    _rewrite(path, origin=hostile)


def _no_centre(path: Path) -> None:
    _rewrite(path, **{"input centre": None})


def _no_origin(path: Path) -> None:
    _rewrite(path, origin=None)


def _no_number(path: Path) -> None:
    pairs = np.full((DRAWS, N_MAX * (N_MAX - 1) // 2), np.nan, np.float32)
    _rewrite(path, cross=pairs)


def _no_draws(path: Path) -> None:
    _rewrite(path, cross=np.empty((0, N_MAX * (N_MAX - 1) // 2), np.float32))


def _other_pairs(path: Path) -> None:
    # As many numbers as ten draws have
    _rewrite(path, input=np.ones((DRAWS, 7), np.float32))


def _other_size(path: Path) -> None:
    _rewrite(path, n_max=np.array(N_MAX + 5))


def _several_sizes(path: Path) -> None:
    _rewrite(path, n_max=np.array([N_MAX, N_MAX]))


def _words(path: Path) -> None:
    _rewrite(path, input=np.array([["a"] * 28] * DRAWS))


SPOILT: tuple[Callable[[Path], None], ...] = (
    _empty,
    _garbage,
    _folder,
    _other_archive,
    _text_in_place_of_arrays,
    _single_array,
    _pickle,
    _objects,
    _object_origin,
    _no_centre,
    _no_origin,
    _no_number,
    _no_draws,
    _other_pairs,
    _other_size,
    _several_sizes,
    _words,
)


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_file_of_another_kind_holds_nothing(
    store: NullStore, nulls: Nulls, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    store.add("a", nulls)
    path = tmp_path / "nulls" / "a.npz"
    spoil(path)
    assert store.load("a") is None
    assert not (tmp_path / "nulls" / "executed").exists()
    if path.is_file():
        store.add("a", nulls)
        check_same(store.load("a"), nulls)


def _same_or_none(store: NullStore, nulls: Nulls) -> bool:
    found = store.load("a")
    if found is None:
        return False
    for name, null in found.of.items():
        expected = nulls.of[name]
        if null is not None:
            assert isinstance(null, DrawnNull)
            assert isinstance(expected, DrawnNull)
            assert np.array_equal(null.pairs, expected.pairs)
            assert np.array_equal(null.centre, expected.centre)
    return True


def test_a_cut_file_holds_nothing(store: NullStore, tmp_path: Path) -> None:
    few = drawn(draws=3)
    store.add("a", few)
    path = tmp_path / "nulls" / "a.npz"
    whole = path.read_bytes()
    for length in range(0, len(whole), 61):
        path.write_bytes(whole[:length])
        assert store.load("a") is None, length


def test_a_spoilt_bit_never_changes_a_number(store: NullStore, tmp_path: Path) -> None:
    few = drawn(draws=3)
    store.add("a", few)
    path = tmp_path / "nulls" / "a.npz"
    whole = path.read_bytes()
    rng = random.Random(4)
    lost = 0
    # Around the arrays, in the archive's own records, every byte; else some.
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        starts = [held.header_offset for held in archive.infolist()]
        records = archive.start_dir
    places = [at for start in starts for at in range(start, start + 32)]
    places += [*range(records, len(whole), 3), *range(0, records, 37)]
    for at in places:
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << rng.randrange(8)
        path.write_bytes(spoilt)
        lost += not _same_or_none(store, few)
    assert lost > len(places) / 4


# -- the folder ------------------------------------------------------------------------


def test_twelve_are_kept_the_latest(
    store: NullStore, nulls: Nulls, tmp_path: Path
) -> None:
    folder = tmp_path / "nulls"
    names = [f"digest{at:02}" for at in range(15)]
    for at, name in enumerate(names):
        store.add(name, nulls)
        os.utime(folder / f"{name}.npz", (1000 + at, 1000 + at))
        assert len(list(folder.iterdir())) <= 12
    assert sorted(path.stem for path in folder.iterdir()) == names[3:]
    check_same(store.load(names[-1]), nulls)
    assert store.load(names[0]) is None


def test_nothing_half_written_is_left(
    store: NullStore, nulls: Nulls, tmp_path: Path
) -> None:
    store.add("a", nulls)
    assert [path.name for path in (tmp_path / "nulls").iterdir()] == ["a.npz"]


def test_a_folder_that_cannot_be_made(tmp_path: Path, nulls: Nulls) -> None:
    (tmp_path / "file").write_text("in the way")
    store = NullStore(tmp_path / "file" / "nulls")
    store.add("a", nulls)
    assert store.load("a") is None
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_that_may_only_be_read(
    store: NullStore, nulls: Nulls, tmp_path: Path
) -> None:
    store.add("a", nulls)
    folder = tmp_path / "nulls"
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        store.add("b", nulls)
        check_same(store.load("a"), nulls)
        if os.geteuid() != 0:
            assert store.load("b") is None
    finally:
        folder.chmod(stat.S_IRWXU)


def test_a_place_that_is_taken_by_a_folder(
    store: NullStore, nulls: Nulls, tmp_path: Path
) -> None:
    (tmp_path / "nulls" / "a.npz").mkdir(parents=True)
    store.add("a", nulls)
    assert store.load("a") is None
    store.add("b", nulls)
    check_same(store.load("b"), nulls)


def test_a_shipped_null_is_not_stored(store: NullStore, nulls: Nulls) -> None:
    shipped = ShippedNull({}, np.zeros(3), "shipped")
    store.add("a", Nulls(dict.fromkeys(WINDOW_NAMES, shipped)))
    assert store.load("a") is None
    check_same(nulls, nulls)
