"""Where the program keeps its files for this user."""

from pathlib import Path

import platformdirs

_NAME = "glossator"


def projects_folder() -> Path:
    """Projects of graphs that were opened without naming a project file."""
    return Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "projects"


def preferences_file() -> Path:
    """What the user wants of every project; holds no key."""
    return Path(platformdirs.user_config_dir(_NAME, appauthor=False)) / (
        "preferences.json"
    )


def window_settings_file() -> Path:
    """How the window is arranged, its theme and keys; recent files."""
    return Path(platformdirs.user_config_dir(_NAME, appauthor=False)) / (
        "glossator.conf"
    )


def window_socket() -> Path:
    """Where a second start of the window meets the first."""
    return Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "window.socket"


def log_folder() -> Path:
    """What happened in the window, and its crashes."""
    return Path(platformdirs.user_log_dir(_NAME, appauthor=False))


def library_file() -> Path:
    """The label library: accepted labels of all projects, by feature."""
    return Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "labels.sqlite"


def cache_folder() -> Path:
    """Large things that can be computed again."""
    return Path(platformdirs.user_cache_dir(_NAME, appauthor=False))


def embeddings_file() -> Path:
    """Embeddings of window texts, by the hash of embedder and text."""
    return cache_folder() / "embeddings.sqlite"


def nulls_folder() -> Path:
    """Null distributions, by the digest of what they were drawn from."""
    return cache_folder() / "nulls"


def collections_folder() -> Path:
    """Evidence that was computed here, a folder a collection: it took hours."""
    return Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "collections"


def evidence_folder() -> Path:
    """Evidence that was fetched, one file a service."""
    return cache_folder() / "evidence"


def answers_file() -> Path:
    """Answers of language models, of all projects: they were paid for."""
    return Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "answers.sqlite"
