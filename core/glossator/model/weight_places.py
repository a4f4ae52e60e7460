"""Where weights lie: a local folder, or a repository of the Hugging Face hub."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

from glossator.errors import ReplacementError

_REPOSITORY = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[\w.-]+)(?P<folder>/[^@]*)?(?:@(?P<revision>.+))?"
)
_FILE = re.compile(r"\.(?:safetensors|npz|ya?ml)$")
_DEEPEST = 5
"""Folders below one another, as in ``layer_0/width_16k/average_l0_76/params.npz``."""


@dataclass(frozen=True)
class LocalFiles:
    """A folder of this computer."""

    folder: Path
    only: str = ""
    """The one file that was meant, where it was one."""

    @property
    def name(self) -> str:
        """What a person would call it."""
        return str(self.folder / self.only)

    @property
    def root(self) -> str:
        """Path of the folder, its parts separated by ``/``."""
        return self.folder.absolute().as_posix()

    def names(self) -> Sequence[str]:
        """Files of weights and configs, by their path inside the folder."""
        if self.only:
            return [self.only]
        found: list[Path] = []
        for depth in range(_DEEPEST):
            for file in ("*.safetensors", "*.npz", "cfg.json", "config.yaml"):
                found += self.folder.glob("*/" * depth + file)
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def path(self, name: str) -> Path:
        """Where a file lies.

        Raises
        ------
        ReplacementError
            if there is none.
        """
        path = self.folder / name
        if not path.is_file():
            raise ReplacementError("no such file", source=path)
        return path


@dataclass(frozen=True)
class HubFiles:
    """A repository of the hub, or a folder of it; a file is fetched when asked for."""

    repository: str
    folder: str = ""
    only: str = ""
    """The one file that was meant, where it was one."""
    revision: str | None = None
    download: bool = True
    """Otherwise only what lies in the local cache is used."""

    @property
    def name(self) -> str:
        place = "/".join(filter(None, (self.repository, self.folder, self.only)))
        return f"hf://{place}" + (f"@{self.revision}" if self.revision else "")

    @property
    def root(self) -> str:
        return "/".join(filter(None, (self.repository, self.folder)))

    def names(self) -> Sequence[str]:
        """All files, by their path inside the folder.

        Raises
        ------
        ReplacementError
            if neither the hub nor the cache can be asked.
        """
        if self.only:
            return [self.only]
        listed = self._listed() if self.download else None
        if listed is None:
            listed = self._cached()
        start = f"{self.folder}/" if self.folder else ""
        return [name.removeprefix(start) for name in listed if name.startswith(start)]

    def path(self, name: str) -> Path:
        """Where a file lies on this computer, once it does.

        Raises
        ------
        ReplacementError
            if it cannot be had.
        """
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        file = "/".join(filter(None, (self.folder, name)))
        if ".." in file.split("/"):
            message = "leads out of the repository"
            raise ReplacementError(message, source=self.name, field=file)
        try:
            # Not asked whether it is the newest: weights of a name do not change.
            found = try_to_load_from_cache(
                self.repository, file, revision=self.revision
            )
            if isinstance(found, str) and os.path.isfile(found):
                return Path(found)
            return Path(
                hf_hub_download(
                    self.repository,
                    file,
                    revision=self.revision,
                    local_files_only=not self.download,
                )
            )
        except Exception as error:
            raise self._unreachable(error, file) from error

    def _listed(self) -> Sequence[str] | None:
        """What the hub holds; None where it cannot be asked."""
        from huggingface_hub import HfApi

        try:
            return HfApi().list_repo_files(self.repository, revision=self.revision)
        except Exception:  # noqa: BLE001 - its HTTP client's errors change
            return None

    def _cached(self) -> Sequence[str]:
        from huggingface_hub import snapshot_download

        try:
            folder = Path(
                snapshot_download(
                    self.repository, revision=self.revision, local_files_only=True
                )
            )
        except Exception as error:
            raise self._unreachable(error) from error
        return LocalFiles(folder).names()

    def _unreachable(self, error: Exception, file: str = "") -> ReplacementError:
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        remedy = (
            "check the name and the connection (and for a gated repository log in with "
            "`hf auth login`), or download it elsewhere and give the folder"
            if self.download
            else "it is not in the local cache, and downloading was not allowed; get "
            "it with `hf download`, or name the repository itself"
        )
        message = f"cannot be had from the Hugging Face hub: {remedy} ({reason})"
        return ReplacementError(message, source=self.name, field=file)


Files: TypeAlias = LocalFiles | HubFiles


def find_files(place: str | Path, *, download: bool = True) -> Files:
    """Tell a local path from the name of a repository.

    Parameters
    ----------
    place : a folder or file; or ``org/repo``, ``org/repo/folder``,
        ``org/repo//folder@revision``, ``hf://org/repo/path?revision=``.

    Raises
    ------
    ReplacementError
        if it is neither.
    """
    path = Path(place).expanduser()
    if path.is_dir():
        return LocalFiles(path)
    if path.is_file():
        return LocalFiles(path.parent, only=path.name)
    found = None if isinstance(place, Path) else hub_files(place, download=download)
    if found is None:
        raise ReplacementError(
            "no such file or folder, nor the name of a repository (org/repo)",
            source=str(place),
        )
    return found


def hub_files(place: str, *, download: bool) -> HubFiles | None:
    """Read the name of a repository, or of a folder or file in one; None if none."""
    revision = None
    if place.startswith("hf://"):
        address = urlsplit(place)
        revision = parse_qs(address.query).get("revision", [None])[0]
        place = f"{address.netloc}{address.path}"
    found = _REPOSITORY.fullmatch(place)
    if found is None:
        return None
    folder = (found["folder"] or "").strip("/")
    folder, _, file = (
        folder.rpartition("/") if _FILE.search(folder) else (folder, "", "")
    )
    return HubFiles(
        found["repo"], folder, file, revision or found["revision"], download
    )
