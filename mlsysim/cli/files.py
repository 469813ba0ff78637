"""Writing files: a new file appears whole or not at all, and no file that exists is touched."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlsysim.cli.output import emit
from mlsysim.cli.program import say
from mlsysim.registry.document import STANDARD_OUTPUT
from mlsysim.symbolic.errors import InputError, MlsysimError
from mlsysim.symbolic.escapes import visible

#: What no other name or folder cures: a full disk, a quota, a limit on the size of files, a broken disk.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
#: How a system that has no hard links says so.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def refuse_unwritable(path: Path | None) -> None:
    """Refuse a name under which no new file can be written, before any work is done.

    Args:
        path: of the file; ``-`` is standard output, None is no file.

    Raises:
        InputError: something of this name exists, or its folder does not.
    """
    if path is None or path == STANDARD_OUTPUT:
        return
    with _told(path):
        _refuse(path)


def _refuse(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        what = f"this is a link to {os.readlink(path)}, which does not exist"
        raise InputError(what, where=str(path), hint="remove the link, or name the file it was to lead to")
    if path.is_dir():
        raise InputError("this is a folder", where=str(path), hint=f"name a file in it, such as {path / 'mlsys.yaml'}")
    if path.exists():
        raise InputError("this file exists", where=str(path), hint="name another, or remove it")
    if not path.parent.is_dir():
        raise InputError("its folder does not exist", where=str(path), hint=f"make the folder {path.parent} first")


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet, or standard output where the name is ``-``; say so on standard error.

    The text is written to another file in the same folder and moved into place when all of it is on the disk.

    Raises:
        InputError: something of this name exists, or no file can be written there.
        MlsysimError: the disk is full or broken; no part of the file is left.
    """
    if path == STANDARD_OUTPUT:
        emit(text)
        return
    refuse_unwritable(path)
    beside = path.with_name(f".{path.name[:40]}.{os.getpid()}.tmp")
    with _told(path):
        try:
            _write(beside, text)
            _move(beside, path)
        finally:
            with suppress(OSError, ValueError):
                beside.unlink(missing_ok=True)
    say(f"wrote {visible(str(path), keep='')}\n")


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _move(source: Path, path: Path) -> None:
    """Give a file its name, which nothing else may have taken meanwhile.

    Raises:
        FileExistsError: it has.
    """
    try:
        os.link(source, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        source.rename(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in words why a file cannot be written."""
    try:
        yield
    except MlsysimError:
        raise
    except ValueError:  # no system has a name with a null character
        raise InputError("no file can be called so", where=str(path), hint="name another") from None
    except FileExistsError as error:  # since it was looked for
        raise InputError("this file exists", where=str(error.filename or path), hint="name another") from None
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        if error.errno in _OF_THE_DISK:
            raise MlsysimError(what, where=str(path)) from None
        raise InputError(what, where=str(path), hint="name a file in a folder that can be written") from None
