"""Open transcoders, wherever they lie and however they are stored."""

from dataclasses import replace
from pathlib import Path

from glossator.model.replacement import Replacement
from glossator.model.transcoder_config import TranscoderConfig, read_config
from glossator.model.transcoder_set import TranscoderSet
from glossator.model.weight_places import Files, find_files

_CONFIG_FILE = "config.yaml"


def open_replacement(
    place: str | Path, *, reads: str = "", download: bool | None = None
) -> Replacement:
    """Open a set of transcoders; their kind is told by config, file names and keys.

    Known are circuit-tracer's per-layer and cross-layer transcoders, Gemma Scope 1 and
    2 (per layer and cross-layer) and SAELens.

    Parameters
    ----------
    place : a folder, a file of weights or a config; or a repository of the Hugging Face
        hub: ``org/repo``, ``org/repo/folder``, ``org/repo//folder@revision``,
        ``hf://org/repo/path?revision=``.
    reads : TransformerLens hook inside a block that the transcoders read, where no
        config names it or it is to be another (``mlp.hook_in``).
    download : False to use of the hub only what lies in the local cache. Unless told,
        a repository that is named here is downloaded, and addresses that a local config
        names are not: nobody agreed to those.

    Raises
    ------
    ReplacementError
        if there are no transcoders of a known layout.
    """
    if download is None:
        download = not Path(place).exists()
    files = find_files(place, download=download)
    given = files.only
    config = TranscoderConfig()
    if given.endswith((".yaml", ".yml")):
        files = replace(files, only="")
        config = read_config(files.path(given))
    elif given:
        config = _config_beside(files)
    elif _CONFIG_FILE in files.names():
        config = read_config(files.path(_CONFIG_FILE))
    return TranscoderSet(files, config, reads=reads, download=download)


def _config_beside(files: Files) -> TranscoderConfig:
    """What the config says of the one file that was given, if there is a config."""
    whole = replace(files, only="")
    if _CONFIG_FILE not in whole.names():
        return TranscoderConfig()
    return replace(read_config(whole.path(_CONFIG_FILE)), files=None)
