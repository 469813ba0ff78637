"""What more tokens cost and bring: chains, trees, the best of many."""
