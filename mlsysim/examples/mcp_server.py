"""The MCP server as a program: ``python -m mlsysim.examples.mcp_server``.

A client is told that command; entries of one's own count where ``MLSYSIM_ZOO`` names them.
"""

from __future__ import annotations

from mlsysim.agents.server import run

if __name__ == "__main__":
    run()
