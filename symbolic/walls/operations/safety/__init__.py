"""What it takes to hide one person in the data, and to see that groups are treated alike."""
