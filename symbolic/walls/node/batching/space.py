"""Space: the activations of the tokens that pass through prefill, and the scores of the tokens that come out."""

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    ffn_matrices,
    ffn_width,
    hidden,
    logit_bytes,
    one_sample,
    one_token,
    sequence,
    tensor,
    value_bytes,
    vocabulary,
)
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total


def _per_token(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"batching.{name}", latex, "byte/token", meaning, display="kB/token", low=1, high=1e7)


rank_width = ratio(
    "batching.rank_width", r"d_{\mathrm{ff},1}", "width of a feed-forward layer's part on a rank", high=1e5
)
ends_space = _per_token("ends_space", r"m_{\mathrm{ends}}", "a token's input and output of a layer")
widened_space = _per_token("widened_space", r"m_{\mathrm{ff}}", "a token's widened vectors")
token_space = _per_token("token_space", r"m_{1}", "activations of a token that passes a layer")
token_scores = _per_token("token_scores", r"m_{\mathrm{out}}", "output scores of a token on one accelerator")
passing = Quantity("batching.passing", r"n_{\mathrm{pass}}", "token", "tokens that prefill works on at once", high=1e6)
prompt_space = data("memory.prompt", r"M_{\mathrm{prompt}}", "activations of one prompt in prefill")
request_scores = Quantity(
    "batching.request_scores",
    r"M_{\mathrm{out}}",
    "byte/sample",
    "output scores of a request",
    display="MB/sample",
    low=1,
    high=1e7,
)

two_ends = given(
    equation(ends_space, 2 * hidden * value_bytes),
    because="a layer's input is kept while its output is made, and every rank holds both whole",
    cite="agrawal2024",
)
columns_of_a_rank = apply(
    shares.law,
    {shares.share: rank_width, shares.shares: tensor, shares.whole: ffn_width},
    because="tensor parallelism divides the columns of the widening matrices",
    cite="shoeybi2019",
)
widest_vectors = given(
    equation(widened_space, ffn_matrices * rank_width * value_bytes),
    because="the feed-forward layer holds an output of each widening matrix and an input of the narrowing one",
    cite="agrawal2024",
)
one_layer = total(
    two_ends,
    widest_vectors,
    result=equation(token_space, ends_space + widened_space),
    because="only the layer at work needs space",
)
layer_space = substitute(
    one_layer,
    two_ends,
    widest_vectors,
    columns_of_a_rank,
    result=equation(token_space, value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)),
    because="name both, and the width on a rank",
)
every_token = apply(
    in_turn.law,
    {in_turn.whole: prompt_space, in_turn.parts: passing, in_turn.part: token_space},
    because="every token that passes takes this space",
)
space_of_tokens = substitute(
    every_token,
    layer_space,
    result=equation(prompt_space, passing * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)),
    because="name the space of a token",
)
one_prompt = define(equation(passing, sequence * one_sample), because="prompts pass through prefill one at a time")
prompt_in_prefill = substitute(
    space_of_tokens,
    one_prompt,
    result=equation(
        prompt_space, sequence * one_sample * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)
    ),
    because="count the tokens of a prompt",
    cite="agrawal2024",
    when=TRANSFORMER_BATCH,
)
scores_of_token = apply(
    shares.law,
    {shares.share: token_scores, shares.shares: tensor, shares.whole: vocabulary * logit_bytes},
    because="each rank scores its part of the vocabulary",
    cite="shoeybi2019",
)
one_at_a_time = define(
    equation(request_scores, one_token / one_sample * token_scores), because="a request scores one token at a time"
)
scores_of_request = substitute(
    one_at_a_time,
    scores_of_token,
    result=equation(request_scores, one_token / one_sample * vocabulary * logit_bytes / tensor),
    because="name the scores of a token",
    when=TRANSFORMER_INFERENCE,
)
