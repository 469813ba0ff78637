"""Programs to read and to start from: the MCP server, and design loops without it."""
