"""What training must hold: states, adapters, activations."""
