"""Running the command line: every ending has its exit code, and no ending is a traceback."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer

from mlsysim.cli.output import OUTPUT, report
from mlsysim.cli.program import FINE, INTERNAL, INTERRUPTED, guarded, interrupt
from mlsysim.reports.errors import exit_code, internal
from mlsysim.reports.formats import Format
from mlsysim.symbolic.errors import InputError, MlsysimError

#: What typer raises for a wrong command line; ``BadParameter`` is the public one of that family.
_USAGE: type[Exception] = typer.BadParameter.__mro__[1]

#: The variable by which a shell asks for completions.
COMPLETING = "_MLSYSIM_COMPLETE"


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters still gets the rest
    return guarded(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    from mlsysim.cli.app import app

    interrupt.raises = True
    if COMPLETING in os.environ:
        return _offer(app)
    if not arguments:
        arguments = ["--help"]
    format = OUTPUT.wanted_in(arguments)
    try:
        code = app(args=arguments, prog_name="mlsysim", standalone_mode=False)
        if code == INTERRUPTED:
            return _interrupted(format)
        return code if isinstance(code, int) else FINE
    except typer.Exit as ending:
        return ending.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(format)
    except _USAGE as error:
        wrong = _usage(error)
        return report(wrong, format, exit_code(wrong))
    except MlsysimError as error:
        return report(error, format, exit_code(error))
    except OSError:
        raise
    except SystemExit as ending:  # typer's, where the reader of a help text has gone
        raise BrokenPipeError from ending
    except Exception as error:  # the last resort, so that nobody ever sees a traceback
        if interrupt.came:  # Ctrl-C while a compiled module was imported
            return _interrupted(format)
        if os.environ.get("MLSYSIM_DEBUG"):
            raise
        return report(internal(error), format, INTERNAL)


def _interrupted(format: Format) -> int:
    return report(MlsysimError("interrupted before there was an answer"), format, INTERRUPTED)


def _offer(app: typer.Typer) -> int:
    """Answer a shell that completes a line: words on standard output, and nothing else, whatever stands in the line."""
    try:
        app(args=[], prog_name="mlsysim", standalone_mode=False)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else FINE
    except Exception:  # nobody who presses Tab reads an error
        return INTERNAL
    return FINE


def _usage(error: Any) -> InputError:
    """A wrong command line in our own words."""
    command = error.ctx.command_path if error.ctx else "mlsysim"
    hint = getattr(error, "cure", None) or _meant(error, command) or f"see `{command} --help`"
    unknown = getattr(error, "option_name", None)
    what = f"there is no option {unknown}" if unknown else error.format_message().rstrip(".")
    return InputError(what, where=command, hint=hint)


def _meant(error: Any, command: str) -> str | None:
    """What an unknown option means: another option, a field of a plan, or what is not modelled."""
    word = getattr(error, "option_name", None)
    if word is None:
        return None
    from mlsysim.plan.synonyms import alike, not_modelled, pointer
    from mlsysim.symbolic.errors import nearest

    options = [option for each in error.ctx.command.params for option in (*each.opts, *each.secondary_opts)]
    options = [option for option in options if option.startswith("--")]
    near = [] if not_modelled(word) else alike(word, options) or nearest(word, options)
    return f"did you mean {' or '.join(near)}?" if near else pointer(word)
