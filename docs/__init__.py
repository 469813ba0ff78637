"""The documentation: pages in Markdown, what generates the reference, and what keeps the examples true."""
