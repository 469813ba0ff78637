"""The MCP server's door: ``main`` starts it where the SDK is installed, and says what to install where it is not."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from mlsysim.cli.program import FINE, closed, interrupt, program, say
from mlsysim.reports.errors import exit_code
from mlsysim.symbolic.errors import InputError, MlsysimError

#: The major version of the SDK that the server speaks.
MAJOR = 2
#: The requirement that pip reads; the extra in pyproject.toml is the same.
SDK = f"mcp>={MAJOR},<{MAJOR + 1}"


def cure() -> str:
    """The command that installs the SDK beside this program, wherever the program itself came from.

    >>> cure().endswith('-m pip install "mcp>=2,<3"')
    True
    """
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f'{python} -m pip install "{SDK}"'


def require_sdk() -> None:
    """Refuse to go on without the SDK.

    Raises:
        InputError: it is not installed, or is of another major version.
    """
    try:
        found = version("mcp")
    except PackageNotFoundError:
        raise InputError("the MCP server needs the MCP SDK, which is not installed", hint=cure()) from None
    if found.partition(".")[0] != str(MAJOR):
        raise InputError(f"the MCP server needs version {MAJOR} of the MCP SDK, this is {found}", hint=cure())


def main() -> None:
    """Serve MCP over standard input and output until the input ends; standard output carries nothing else.

    Ctrl-C ends the process at once, with code 130.

    Raises:
        InputError: the SDK is not installed.
        MlsysimError: standard input or output is closed.
        OSError: the client does not read.
    """
    require_sdk()
    for name in ("stdin", "stdout"):
        if name in closed:
            raise MlsysimError(f"{name} is closed, and an MCP client speaks over it")
    from mlsysim.agents.protocol import serve

    interrupt.raises = False
    serve()


def run() -> None:
    """Serve as a program: an error is a line on standard error and an exit code."""

    def serving() -> int:
        try:
            main()
        except MlsysimError as error:
            say(f"{error}\n")
            return exit_code(error)
        return FINE

    program(serving)
