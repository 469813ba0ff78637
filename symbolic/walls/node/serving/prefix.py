"""Prefix cache: a prompt that begins like an earlier one need not be computed from its beginning."""

from sympy import Sum, Symbol, oo

from mlsysim.symbolic.foundations.inputs import one_position, one_token, sequence
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, solve, specialise, substitute, summed
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, layer_forward

index = Symbol("i", integer=True, positive=True)

reused = Quantity("serving.reused", "u", "token/sample", "first tokens of a prompt that are cached", low=0, high=16)
hit = ratio("serving.hit", r"x_{\mathrm{hit}}", "share of a prompt that is cached", low=0)
prompt_work = Quantity(
    "serving.prompt_work", r"o_{\mathrm{req}}", "flop", "work of a layer on a prompt", low=1, high=1e18
)
whole_work = Quantity(
    "serving.whole_work",
    r"o_{\mathrm{whole}}",
    "flop",
    "work of a layer on a prompt of which nothing is cached",
    high=1e18,
)
product_share = ratio("serving.hit_work", r"x_{\mathrm{work}}", "work with a cached prefix per that without", low=0)
short_share = ratio("serving.short_share", r"x_{\mathrm{short}}", "the same where weights take most of the work", low=0)
long_share = ratio("serving.long_share", r"x_{\mathrm{long}}", "the same where attention takes most of it", low=0)

tokens_computed = given(
    equation(
        prompt_work,
        one_token
        * Sum(
            layer_forward + attention_pair * index * one_token,
            (index, reused / one_position + 1, sequence / one_position),
        ),
    ),
    because="only tokens after the cached ones are computed; the i-th meets the weights and i tokens, itself included",
    cite="zheng2024",
)
prompt_closed = summed(
    tokens_computed,
    equation(
        prompt_work,
        one_token
        * (
            (sequence - reused) / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - reused / one_position * (reused / one_position + 1)
            )
            / 2
        ),
    ),
    because="an arithmetic series",
)
hit_is_share = define(equation(hit, reused / sequence), because="the cached share of the prompt", cite="zheng2024")
reused_by_hit = solve(hit_is_share, reused, equation(reused, hit * sequence), because="the cached tokens")
prefix_law = substitute(
    prompt_closed,
    reused_by_hit,
    result=equation(
        prompt_work,
        one_token
        * (
            (1 - hit) * sequence / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - hit * sequence / one_position * (hit * sequence / one_position + 1)
            )
            / 2
        ),
    ),
    because="name the cached tokens",
)
nothing_cached = apply(
    specialise(
        prefix_law,
        {hit: 0},
        equation(
            prompt_work,
            one_token
            * sequence
            / one_position
            * (layer_forward + attention_pair * one_token * (sequence / one_position + 1) / 2),
        ),
        because="nothing is cached",
    ),
    {prompt_work: whole_work},
    because="the whole prompt",
)
against_whole = define(
    equation(product_share, prompt_work / whole_work), because="what is left against all there would be"
)
left_of_work = substitute(
    against_whole,
    prefix_law,
    nothing_cached,
    result=equation(
        product_share,
        (
            (1 - hit) * sequence / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - hit * sequence / one_position * (hit * sequence / one_position + 1)
            )
            / 2
        )
        * one_position
        / (sequence * (layer_forward + attention_pair * one_token * (sequence / one_position + 1) / 2)),
    ),
    because="name both",
)
short_prompts = apply(
    specialise(
        left_of_work,
        {attention_pair: 0},
        equation(product_share, 1 - hit),
        because="where weights take most of the work, the cached share of the tokens is saved",
    ),
    {product_share: short_share},
    because="short prompts",
)
only_attention = specialise(
    left_of_work,
    {layer_forward: 0},
    equation(product_share, 1 - hit * (hit * sequence / one_position + 1) / (sequence / one_position + 1)),
    because="attention alone",
)
long_prompts = apply(
    limit(
        only_attention,
        sequence,
        oo,
        equation(product_share, 1 - hit**2),
        because="where attention takes most, its square: the cached tokens attended to the fewest",
    ),
    {product_share: long_share},
    because="long prompts",
)
