"""What serving does to requests: caching, cutting, guessing, handing over."""
