"""What a batch of requests leaves unused, and what a larger one buys."""
