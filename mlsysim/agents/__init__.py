"""What language-model agents use: tools over plain data, with schemas, and the MCP server that offers them.

The tools do not know the protocol: a loop without MCP calls the same ones through :func:`mlsysim.agents.tools.call`.
Nothing heavy is imported before a tool needs it.
"""
