"""What all tests share: a home of their own, and real files where there are some."""

import gc
import itertools
import os
from pathlib import Path

import pytest

from glossator.settings import embeddings_file

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# No test asks the keyring of whoever runs it, sends their keys, or asks their servers.
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
_THEIRS = (
    "ANTHROPIC_",
    "GEMINI_",
    "GLOSSATOR_LLM_",
    "OLLAMA_",
    "OPENAI_",
    "OPENROUTER_",
)
for _name in [name for name in os.environ if name.startswith(_THEIRS)]:
    del os.environ[_name]
if "PYTEST_XDIST_WORKER" in os.environ:  # the others need their cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Python would collect garbage in whichever thread allocates, as the one that hears from
# the other test processes, and so destroy a Qt object there.
gc.set_threshold(0)
_COLLECT_ALL_AFTER = 100
"""Tests; what they leave for long is little."""
_done = itertools.count(1)

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know pytest-qt's settings where it is not installed."""
    try:
        import pytestqt  # noqa: F401
    except ImportError:
        for name in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            parser.addini(name, "of pytest-qt, which is absent here")


def pytest_runtest_logfinish() -> None:
    """Collect garbage between the tests, in the thread that they run in."""
    gc.collect(2 if next(_done) % _COLLECT_ALL_AFTER == 0 else 1)


@pytest.fixture(autouse=True)
def own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Every test has its own user folders; none touches the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in (
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
    ):
        monkeypatch.setenv(name, str(home / name.lower()))
    return home


@pytest.fixture(scope="session")
def kept_embeddings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store of what the tests that share it have embedded, in all their processes."""
    folder = tmp_path_factory.getbasetemp()
    several = "PYTEST_XDIST_WORKER" in os.environ
    return (folder.parent if several else folder) / "embeddings.sqlite"


@pytest.fixture
def embedded_once(own_home: Path, kept_embeddings: Path) -> None:
    """No text is embedded again that such a test has embedded before."""
    share_embeddings(kept_embeddings)


def share_embeddings(kept: Path) -> None:
    """Have the user's store of embeddings, as of now, be the one of other tests."""
    ours = embeddings_file()
    ours.parent.mkdir(parents=True, exist_ok=True)
    ours.symlink_to(kept)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real files by others; a test that needs it is skipped without."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real files is not beside the project")
    return SHARED
