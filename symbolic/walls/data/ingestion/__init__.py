"""The ingestion wall."""
