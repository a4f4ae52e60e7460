"""What can go wrong, as one tree.

GlossatorError
├── InputError        a file, a field or a setting that a person can mend
│   ├── GraphFileError        an attribution graph
│   ├── EvidenceError     a feature's evidence
│   ├── ModelError        a language model, or what stands in for its MLPs
│   │   └── ReplacementError  transcoders
│   └── VerbalizeError    a verbalizer, a reconstructor, or a vector given to one
├── WebError          a server did not give what was asked for
├── ProjectError      the project file cannot be opened, read or written
│   └── NotWritable       it can be read, but not written now
├── LibraryError      the label library cannot be opened, read or written
└── Cancelled         a job was stopped on request
"""

from pathlib import Path


class GlossatorError(Exception):
    """Base of every error that is shown to a person as one line."""


class InputError(GlossatorError):
    """Something that was given is not usable.

    Parameters
    ----------
    message : what is wrong, with the value where there is one.
    source : the file (or the option) it was found in.
    field : path into the document, as in ``nodes[12].layer``.
    """

    def __init__(
        self, message: str, *, source: Path | str | None = None, field: str = ""
    ) -> None:
        self.message = message
        self.source = source
        self.field = field
        where = ": ".join(str(part) for part in (source, field) if part)
        super().__init__(f"{where}: {message}" if where else message)


class GraphFileError(InputError):
    """A file is not an attribution graph that can be read."""


class EvidenceError(InputError):
    """A file does not hold evidence that can be read."""


class ModelError(InputError):
    """A language model cannot be opened or run."""


class ReplacementError(ModelError):
    """Files are no transcoders of a known layout, or lack what was asked for."""


class VerbalizeError(InputError):
    """A verbalizer cannot be used, or not on this vector."""


class WebError(GlossatorError):
    """A server did not give what was asked for, however often it was asked."""


class ProjectError(GlossatorError):
    """The project file could not be opened, read or written."""


class NotWritable(ProjectError):
    """The project file can be read but not written: it is open elsewhere, or protected.

    Parameters
    ----------
    path : the file.
    reason : why, in a few words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: cannot open ({reason})")


class LibraryError(GlossatorError):
    """The label library could not be opened, read or written; projects still can."""


class Cancelled(GlossatorError):
    """A job was stopped on request."""
