"""What all tests share: a home of their own, and real files where there are some."""

import os
from pathlib import Path

import pytest

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

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know pytest-qt's settings where it is not installed."""
    try:
        import pytestqt  # noqa: F401
    except ImportError:
        for name in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            parser.addini(name, "of pytest-qt, which is absent here")


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
def shared() -> Path:
    """Folder of real files by others; a test that needs it is skipped without."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real files is not beside the project")
    return SHARED
