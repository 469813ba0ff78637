"""``mlsysim`` and ``python -m mlsysim``."""

from __future__ import annotations

import sys

from mlsysim.cli.program import program


def main(arguments: list[str] | None = None) -> None:
    """Run ``mlsysim`` and exit with its code.

    Args:
        arguments: the words after the command's name; those of the process where none are given.
    """

    def command() -> int:
        from mlsysim.cli.main import run

        return run(sys.argv[1:] if arguments is None else arguments)

    program(command)


if __name__ == "__main__":
    main()
