"""How a program begins and ends: streams that are closed or full, a reader that has gone, and Ctrl-C at any time.

Imports nothing that takes time: Ctrl-C is ready before anything else is loaded.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn, TextIO

FINE, INTERNAL = 0, 1
#: What a shell expects of a program that Ctrl-C ended.
INTERRUPTED = 130
#: The standard streams, and how a stand-in for one is opened: reading or writing it fails, as with the closed one.
_STREAMS = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))


class _Interrupt:
    """What Ctrl-C does: it ends the process at once, or raises ``KeyboardInterrupt`` where work can be saved."""

    def __init__(self) -> None:
        self.raises = self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        if not self.raises:
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt


interrupt = _Interrupt()
#: The standard streams that were closed when the program began.
closed: list[str] = []


def program(run: Callable[[], int]) -> NoReturn:
    """Run a program and exit with its code; no ending is a traceback.

    While it is imported and while the interpreter ends, Ctrl-C ends the process at once with code 130.

    Args:
        run: imports and runs the program, and returns its exit code.
    """
    listen()
    _open_closed_streams()
    code = guarded(run)
    interrupt.raises = False
    if code == INTERRUPTED:
        # Everything is written. After an interrupt in code that `exec` ran, Python would end by the signal instead.
        say("")
        os._exit(code)
    sys.exit(code)


def listen() -> None:
    """Let Ctrl-C end the process at once with code 130, until ``interrupt.raises`` says otherwise."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have turned Ctrl-C off
        signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = _unraisable


def guarded(run: Callable[[], int]) -> int:
    """The exit code of a program: 1 where its output cannot be written; that nobody reads it is no mistake."""
    code = FINE
    try:
        code = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        silence(sys.stdout)
        return INTERRUPTED
    except BrokenPipeError:  # as in `mlsysim ... | head`
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        what = f"cannot read or write {error.filename}" if error.filename else "cannot write the output"
        say(f"mlsysim: error: {what}: {error.strerror or error}\n")
        return INTERNAL
    return code


def say(text: str) -> None:
    """Text on standard error, where that can be written."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Write nothing more to a stream, not even what it still holds when the process ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # a stand-in without a descriptor
        return


def _open_closed_streams() -> None:
    """Give every closed standard stream a stand-in, so that no file is opened in its place."""
    for name, mode, flags in _STREAMS:
        if getattr(sys, name) is None:
            closed.append(name)
            stand_in = os.open(os.devnull, flags)
            setattr(sys, name, open(stand_in, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _unraisable(problem: sys.UnraisableHookArgs) -> None:
    """Ctrl-C where Python cannot raise it, such as in a callback, ends the process; the rest is Python's to say."""
    if isinstance(problem.exc_value, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(problem)
