"""Programs to read and to start from: the MCP server, and design loops without it."""

from __future__ import annotations

import sys

from mlsysim.cli.program import listen

if sys.argv[:1] == [
    "-m"
]:  # as long as the interpreter looks for the module to run: Ctrl-C may come while it is imported
    listen()
