"""Where a program loses the peak: tiles, waves, slow operators, launches."""
