"""What counts as one multiply-accumulate: a weight met by a token, or a number of a pair of tokens.

Products and sums of products are counted; normalisations, nonlinearities, biases and look-ups are not.
"""

from mlsysim.symbolic.quantity import Quantity, constant

weight_mac = constant("one.weight_mac", 1, "sample/param/token", "one multiply-accumulate, per weight and token")
pair_mac = constant("one.pair_mac", 1, "sample^2/token^2", "one multiply-accumulate, per pair of tokens")
token_mac = constant("one.token_mac", 1, "sample/token", "one multiply-accumulate, per token")
sample_mac = constant("one.sample_mac", 1, "1/param", "one multiply-accumulate, per weight")


def weights_of(architecture: str, name: str, latex: str, meaning: str) -> Quantity:
    """Some of the parameters of an architecture."""
    return Quantity(f"{architecture}.{name}", latex, "param", meaning, display="Mparam", low=1, high=1e12)


def macs_of(architecture: str, name: str, latex: str, meaning: str) -> Quantity:
    """Some of the multiply-accumulates of one forward pass of one sample."""
    return Quantity(f"{architecture}.{name}", latex, "1", meaning, low=1, high=1e14)
