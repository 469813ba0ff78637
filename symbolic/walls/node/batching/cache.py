"""Keys and values: attention keeps those of every earlier token, in pages, divided over the ranks that share its heads."""

from sympy import Eq, Max, Min, Piecewise, ceiling

from mlsysim.symbolic.foundations import dealing, in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    cache_bytes,
    head_width,
    kv_heads,
    kv_rank,
    latent,
    output_tokens,
    page,
    rope_width,
    sequence,
    tensor,
)
from mlsysim.symbolic.foundations.split import stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, substitute, total

cache_width = ratio("batching.cache_width", r"w_{\mathrm{kv}}", "numbers cached per token and layer", low=1, high=1e5)
key_width = count("batching.key_width", r"w_{\mathrm{k}}", "numbers of a token's keys in a layer", high=65536)
both_widths = count("batching.both_widths", r"w_{\mathrm{heads}}", "numbers of its keys and values", high=65536)
value_width = count("batching.value_width", r"w_{\mathrm{v}}", "numbers of its values", high=65536)
latent_width = count("batching.latent_width", r"w_{\mathrm{MLA}}", "numbers of its latent vector", high=4096)
rank_heads = ratio(
    "batching.rank_heads", r"n_{\mathrm{kv},1}", "key-value heads that a tensor-parallel rank caches", low=1, high=256
)
sharing_heads = ratio(
    "batching.sharing_heads", r"t_{\mathrm{heads}}", "ranks that share the key-value heads", low=1, high=64
)
cache_ranks = count("batching.cache_ranks", r"t_{\mathrm{kv}}", "ranks that share the keys and values")
layer_cache = Quantity(
    "batching.layer_cache", r"\kappa_{\ell}", "byte/token", "a token's keys and values in a layer, on one accelerator"
)
token_cache = Quantity(
    "batching.token_cache",
    r"\kappa_{1}",
    "byte/token",
    "keys and values of a token on one accelerator",
    display="kB/token",
)
request_length = Quantity(
    "batching.request_length", r"n_{\mathrm{seq}}", "token/sample", "tokens of a request", low=1, high=1e5
)
request_pages = count("batching.request_pages", r"m_{\mathrm{page}}", "pages of a request", high=8192)
request_tokens = Quantity(
    "batching.request_tokens", r"n_{\mathrm{res}}", "token/sample", "tokens reserved for a request", low=1, high=1e5
)
request_cache = Quantity(
    "batching.request_cache",
    r"\kappa_{\mathrm{req}}",
    "byte/sample",
    "keys and values of a request on one accelerator",
    display="MB/sample",
    low=1,
    high=1e12,
)

# The numbers that a token leaves behind in a layer.
keys = apply(
    in_turn.law,
    {in_turn.whole: key_width, in_turn.parts: kv_heads, in_turn.part: head_width},
    because="every key-value head keeps a key",
)
values = apply(
    in_turn.law,
    {in_turn.whole: value_width, in_turn.parts: kv_heads, in_turn.part: head_width},
    because="and a value as wide",
)
keys_and_values = total(
    keys,
    values,
    result=equation(both_widths, key_width + value_width),
    because="attention needs the key and the value of every earlier token",
    cite="shazeer2019",
)
of_all_heads = substitute(
    keys_and_values,
    keys,
    values,
    result=equation(both_widths, 2 * kv_heads * head_width),
    because="two vectors of a head's width, for every head",
    cite="ainslie2023",
)
latent_vector = given(
    equation(latent_width, kv_rank + rope_width),
    because="MLA compresses keys and values of all heads into one vector, and keeps the rotated part beside it",
    cite="deepseek2024v2",
)
one_or_the_other = define(
    equation(cache_width, Piecewise((latent_width, Eq(latent, 1)), (both_widths, True))),
    because="a model caches latent vectors, or heads",
)
two_vectors = substitute(
    one_or_the_other,
    latent_vector,
    of_all_heads,
    result=equation(cache_width, Piecewise((kv_rank + rope_width, Eq(latent, 1)), (2 * kv_heads * head_width, True))),
    because="count the numbers of each",
    cite="shazeer2019,deepseek2024v2",
    when=TRANSFORMER_INFERENCE,
)

# The ranks among which they are divided.
heads_of_a_rank = given(
    equation(rank_heads, Max(1, kv_heads / tensor)),
    because="key-value heads are divided until each rank has one, which further ranks copy",
    cite="pope2022",
)
divided_heads = apply(
    shares.law,
    {shares.share: rank_heads, shares.shares: sharing_heads, shares.whole: kv_heads},
    because="as if so many ranks shared them without copies",
)
ranks_of_share = solve(
    divided_heads, sharing_heads, equation(sharing_heads, kv_heads / rank_heads), because="heads per heads of a rank"
)
ranks_that_share = substitute(
    ranks_of_share,
    heads_of_a_rank,
    result=equation(sharing_heads, kv_heads / Max(1, kv_heads / tensor)),
    because="name the heads of a rank",
)
fewer_of_both = rewrite(
    ranks_that_share,
    equation(sharing_heads, Min(tensor, kv_heads)),
    because="all ranks, or as many as there are heads",
    cite="pope2022",
)
latent_alone = define(
    equation(cache_ranks, Piecewise((1, Eq(latent, 1)), (sharing_heads, True))),
    because="a latent vector is not divided",
    cite="deepseek2024v2",
)
shared_heads = substitute(
    latent_alone,
    fewer_of_both,
    result=equation(cache_ranks, Piecewise((1, Eq(latent, 1)), (Min(tensor, kv_heads), True))),
    because="count the ranks that share heads",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)

# A token in all layers, and a request in its pages.
layer_share = apply(
    shares.law,
    {shares.share: layer_cache, shares.shares: cache_ranks, shares.whole: cache_width * cache_bytes},
    because="the ranks share the bytes of a layer",
)
every_layer = apply(
    in_turn.law,
    {in_turn.whole: token_cache, in_turn.parts: stage_layers, in_turn.part: layer_cache},
    because="every layer caches its own",
    cite="kwon2023",
)
per_token = substitute(
    every_layer,
    layer_share,
    result=equation(token_cache, stage_layers * cache_width * cache_bytes / cache_ranks),
    because="name the share of a layer",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
prompt_and_answer = define(
    equation(request_length, sequence + output_tokens), because="a request is its prompt and its answer"
)
whole_pages = apply(
    dealing.boxes_law,
    {dealing.boxes: request_pages, dealing.everything: request_length, dealing.takers: page},
    because="memory is handed out in pages, and they come whole",
    cite="kwon2023",
)
tokens_of_pages = apply(
    in_turn.law,
    {in_turn.whole: request_tokens, in_turn.parts: request_pages, in_turn.part: page},
    because="a page is reserved with all of its tokens",
)
pages = substitute(
    tokens_of_pages,
    whole_pages,
    prompt_and_answer,
    result=equation(request_tokens, page * ceiling((sequence + output_tokens) / page)),
    because="count the pages of prompt and answer",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
per_request = apply(
    in_turn.law,
    {in_turn.whole: request_cache, in_turn.parts: request_tokens, in_turn.part: token_cache},
    because="every reserved token takes its place",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
