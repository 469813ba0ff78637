"""Anatomy of a transformer: the parts whose parameters its configuration decides, and the width of a head.

The pages on attention, the feed-forward part, layers and the model count them, exactly: every matrix, bias and
normalisation that the published configurations have.
"""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import head_width, latent, nope_width, rope_width, value_width
from mlsysim.symbolic.quantity import TRANSFORMER, Quantity, ratio
from mlsysim.symbolic.rules import define, equation, given, substitute


def parameters_of(page: str, name: str, latex: str, meaning: str) -> Quantity:
    """The parameters of some part of a model."""
    return Quantity(f"{page}.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e12)


def _part(name: str, latex: str, meaning: str) -> Quantity:
    return parameters_of("model", name, latex, meaning)


query_key_width = ratio("model.query_key_width", r"d_{\mathrm{qk}}", "width of a query and a key", low=1, high=256)
mix_width = ratio("model.mix_width", r"d_{\mathrm{mix}}", "width of a value that attention mixes", low=1, high=256)
query_matrices = _part("query_matrices", r"P_{\mathrm{q}}", "weights of a layer's queries")
attention_matrices = _part("attention_matrices", r"P_{\mathrm{attn}}", "weights of the attention of a layer")
attention_vectors = _part("attention_vectors", r"P_{\mathrm{vec}}", "biases and head norms of a layer's attention")
dense_matrices = _part("dense_matrices", r"P_{\mathrm{ff}}", "weights of a dense feed-forward layer")
dense_vectors = _part("dense_vectors", r"P_{\mathrm{ff,vec}}", "biases of a dense feed-forward layer")
expert_matrices = _part("expert_matrices", r"P_{\mathrm{exp}}", "weights of one expert")
router = _part("router", r"P_{\mathrm{rt}}", "weights of the router of a layer")
layer_norms = _part("layer_norms", r"P_{\mathrm{norm}}", "normalisation vectors of a layer")
shared_layer = _part("shared_layer", r"P_{\mathrm{sh}}", "parameters of an average layer, routed experts apart")
expert_layer = _part("expert_layer", r"P_{\mathrm{ex}}", "parameters of the routed experts of an average layer")
active_layer = _part("active_layer", r"P_{\mathrm{act}}", "weights that a token meets in an average layer")
active = _part("active", r"P_{\mathrm{tok}}", "weights that a token meets in the whole model")
embedding = _part("embedding", r"P_{\mathrm{emb}}", "token and position embeddings")
head = _part("head", r"P_{\mathrm{head}}", "weights that turn the last layer into output scores")
final_norm = _part("final_norm", r"P_{\mathrm{fin}}", "the normalisation before the output")
ends = _part("ends", r"P_{\mathrm{ends}}", "parameters outside the layers")
sparse_share = ratio("model.sparse_share", r"x_{\mathrm{moe}}", "share of layers that have experts", low=0)
latent_key_width = ratio("attention.latent_key_width", r"d_{\mathrm{mla}}", "width of a key under MLA", low=1, high=384)

two_parts_of_a_key = given(
    equation(latent_key_width, nope_width + rope_width),
    because="a key expanded from the latent vector and a rotated one lie side by side",
    cite="deepseek2024v2",
)
width_of_a_key = define(
    equation(query_key_width, Piecewise((latent_key_width, Eq(latent, 1)), (head_width, True))),
    because="a query meets a key over the width of a head",
    cite="vaswani2017",
)
shape_of_scores = substitute(
    width_of_a_key,
    two_parts_of_a_key,
    result=equation(query_key_width, Piecewise((nope_width + rope_width, Eq(latent, 1)), (head_width, True))),
    because="name the parts of a key under MLA",
    cite="vaswani2017",
    when=TRANSFORMER,
)
shape_of_values = define(
    equation(mix_width, Piecewise((value_width, Eq(latent, 1)), (head_width, True))),
    because="attention mixes values of this width",
    cite="vaswani2017",
    when=TRANSFORMER,
)
