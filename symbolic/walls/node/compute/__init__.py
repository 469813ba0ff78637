"""What architectures other than the decoder of the plan's graph have in parameters, and what a pass through them costs."""
