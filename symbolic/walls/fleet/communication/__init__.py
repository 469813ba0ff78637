"""What accelerators that share work exchange, and how long they wait for each other."""
