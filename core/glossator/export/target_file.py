"""Write an export so that a failure leaves what was there before."""

import os
import tempfile
from pathlib import Path

from glossator.errors import InputError


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file only when its new content is on disk.

    Raises
    ------
    InputError
        if it cannot be written; the old file is then untouched.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"cannot write ({error.strerror})", source=path) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write ({error.strerror})", source=path) from error
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
