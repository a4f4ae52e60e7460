"""Transcoders of the Hugging Face hub, as far as the local cache holds them."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import huggingface_hub.constants
import pytest
import torch

from glossator.errors import ReplacementError
from glossator.model.open_replacement import open_replacement
from tests.core import transcoder_files as write
from tests.core.transcoder_files import made_layer

CPU = torch.device("cpu")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return folder


def repository(cache: Path, name: str, revision: str = "main") -> Path:
    """Folder of a repository's files, as if they had been downloaded."""
    root = cache / f"models--{name.replace('/', '--')}"
    (root / "refs").mkdir(parents=True, exist_ok=True)
    (root / "refs" / revision).write_text(COMMIT)
    folder = root / "snapshots" / COMMIT
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check(place: str, layer: int = 0, *, reads: str) -> None:
    found = open_replacement(place).layer_features(layer, (3, 1), device=CPU)
    numbers = made_layer(layer, jump=True)
    assert found.reads == reads
    assert torch.equal(found.directions()[layer], numbers.decoder[[3, 1]])


@pytest.mark.parametrize(
    ("place", "folder", "revision"),
    [
        ("made/set", "", "main"),
        ("made/set@dev", "", "dev"),
        ("made/set/all/narrow", "all/narrow", "main"),
        ("made/set//all/narrow@dev", "all/narrow", "dev"),
        ("hf://made/set/all/narrow?revision=dev", "all/narrow", "dev"),
        ("hf://made/set", "", "main"),
    ],
)
def test_a_repository_by_name(
    cache: Path, place: str, folder: str, revision: str
) -> None:
    files = repository(cache, "made/set", revision) / folder
    write.write_config(files, reads="mlp.hook_in")
    write.write_per_layer(files, 0, made_layer(0, jump=True))
    check(place, reads="blocks.0.mlp.hook_in")


def test_one_file_of_a_repository(cache: Path) -> None:
    write.write_gemma_scope(repository(cache, "a/b"), 2, made_layer(2, jump=True))
    place = "hf://a/b/layer_2/width_16k/average_l0_10/params.npz"
    check(place, 2, reads="blocks.2.ln2.hook_normalized")


def test_a_config_may_name_files_of_another_repository(
    cache: Path, tmp_path: Path
) -> None:
    lines = "transcoders:\n"
    for layer in range(2):
        path = write.write_gemma_scope(
            repository(cache, "google/weights", "v2"),
            layer,
            made_layer(layer, jump=True),
        )
        name = path.relative_to(path.parents[3]).as_posix()
        lines += f'  - "hf://google/weights/{name}?revision=v2"\n'
    write.write_config(
        repository(cache, "made/picked"), lines, reads="ln2.hook_normalized"
    )
    write.write_config(tmp_path / "here", lines, reads="ln2.hook_normalized")
    for place in ("made/picked", str(tmp_path / "here")):
        for layer in range(2):
            check(place, layer, reads=f"blocks.{layer}.ln2.hook_normalized")


def test_a_layer_that_was_not_downloaded_says_what_to_do(cache: Path) -> None:
    lines = "transcoders:\n- hf://google/weights/layer_0/params.npz\n"
    write.write_config(repository(cache, "made/picked"), lines)
    with pytest.raises(ReplacementError) as refused:
        open_replacement("made/picked").layer_features(0, (0,), device=CPU)
    for part in ("hf://google/weights", "layer_0/params.npz", "connection", "folder"):
        assert part in str(refused.value)


def test_without_leave_nothing_is_downloaded(cache: Path) -> None:
    with pytest.raises(ReplacementError, match="downloading was not allowed"):
        open_replacement("made/gone", download=False)


def test_no_file_outside_of_a_repository_is_read(cache: Path, tmp_path: Path) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=True))
    lines = "transcoders: [../../../../layer_0.safetensors]\n"
    folder = repository(cache, "made/set")
    assert (folder / "../../../../layer_0.safetensors").resolve().is_file()
    write.write_config(folder, lines)
    with pytest.raises(ReplacementError, match="leads out of the repository"):
        open_replacement("made/set").layer_features(0, (0,), device=CPU)


def test_gemma_scope_2_of_a_config_without_hook(cache: Path, tmp_path: Path) -> None:
    folder = repository(cache, "google/scope")
    path = write.write_gemma_scope_2(folder, 0, made_layer(0, jump=True))
    name = path.relative_to(folder).as_posix()
    config = tmp_path / "config.yaml"
    config.write_text(f"transcoders: ['hf://google/scope/{name}']\n")
    with pytest.raises(ReplacementError, match="feature_input_hook"):
        open_replacement(config).layer_features(0, (0,), device=CPU)
    check("google/scope", reads="blocks.0.mlp.hook_in")


# Downloads, from a hub of our own


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download needs: lists of files, and files."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        self.asked.append(path.rpartition("/")[2])
        if path.startswith("/api/"):
            files = [p for p in self.folder.rglob("*") if p.is_file()]
            names = [file.relative_to(self.folder).as_posix() for file in files]
            rows = [{"type": "file", "path": n, "size": 1, "oid": "0"} for n in names]
            data = json.dumps(rows).encode()
        else:
            file = self.folder / path.split(f"/resolve/{REVISION}/")[1]
            if not file.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                return
            data = file.read_bytes()
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


REVISION = "v7"


@pytest.fixture
def hub(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[Hub]]:
    assert not cache.exists()
    handler = type("OurHub", (Hub,), {"folder": tmp_path / "served", "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    address = f"http://127.0.0.1:{server.server_port}"
    constants = huggingface_hub.constants
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        template.replace(constants.ENDPOINT, address),
    )
    monkeypatch.setattr(constants, "ENDPOINT", address)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_only_the_files_of_the_asked_layer_are_downloaded(hub: type[Hub]) -> None:
    write.write_config(hub.folder / "all", reads="mlp.hook_in")
    for layer in range(3):
        write.write_per_layer(hub.folder / "all", layer, made_layer(layer, jump=True))
    check(f"made/set//all@{REVISION}", 1, reads="blocks.1.mlp.hook_in")
    fetched = {name for name in hub.asked if "." in name}
    assert fetched == {"config.yaml", "layer_1.safetensors"}
    hub.asked.clear()
    found = open_replacement(f"made/set//all@{REVISION}", download=False)
    found.layer_features(1, (0,), device=CPU)
    with pytest.raises(ReplacementError, match="no layer 2"):
        found.layer_features(2, (0,), device=CPU)
    assert hub.asked == []


def test_without_leave_no_config_makes_us_download(
    hub: type[Hub], tmp_path: Path
) -> None:
    path = write.write_gemma_scope(hub.folder, 0, made_layer(0, jump=True))
    name = path.relative_to(hub.folder).as_posix()
    lines = f"transcoders:\n- hf://made/set/{name}?revision={REVISION}\n"
    write.write_config(tmp_path / "here", lines, reads="ln2.hook_normalized")
    found = open_replacement(tmp_path / "here")
    with pytest.raises(ReplacementError, match="downloading was not allowed"):
        found.layer_features(0, (0,), device=CPU)
    assert hub.asked == []
    found = open_replacement(tmp_path / "here", download=True)
    assert found.layer_features(0, (3, 1), device=CPU).indices == (3, 1)
    assert hub.asked


@pytest.mark.usefixtures("cache")
def test_a_repository_that_cannot_be_had() -> None:
    with pytest.raises(ReplacementError, match=r"hf://made/gone.*connection"):
        open_replacement("made/gone")
