"""Batching: requests share the weights, but each brings its own keys and values.

A larger batch costs memory for every request and buys throughput only up to the ridge.
"""

from sympy import Max, floor

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import capacity, replicas
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.foundations.split import held_requests
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, count, data
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.batching import cache as keeping
from mlsysim.symbolic.walls.node.batching import large_batch, ridge, space, waste
from mlsysim.symbolic.walls.node.batching.cache import request_cache
from mlsysim.symbolic.walls.node.batching.space import prompt_space, request_scores

cache = data("memory.cache", r"M_{\mathrm{kv}}", "keys and values on one accelerator")
workspace = data("memory.workspace", r"M_{\mathrm{ws}}", "activations of the prompt in prefill and output scores")
all_scores = data("batching.all_scores", r"M_{\mathrm{scores}}", "output scores of all requests on one accelerator")
room = data("batching.room", r"M_{\mathrm{room}}", "memory left for keys and values")
fitting = Quantity(
    "batching.fitting", r"B_{\mathrm{fit}}", "sample", "requests that would fill the room", low=-64, high=4096
)
most_held = count("batching.most_held", r"B_{\mathrm{r},\max}", "requests that fit on a replica", unit="sample", low=0)
largest = Quantity(
    "feasibility.largest_batch",
    r"B_{\max}",
    "sample",
    "largest batch that fits with this split",
    display="sample",
    low=0,
    more_is_better=True,
)

all_requests = apply(
    in_turn.law,
    {in_turn.whole: cache, in_turn.parts: held_requests, in_turn.part: request_cache},
    because="requests share nothing",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
scores_of_all = apply(
    in_turn.law,
    {in_turn.whole: all_scores, in_turn.parts: held_requests, in_turn.part: request_scores},
    because="every request scores one token",
)
both_spaces = total(
    space.space_of_tokens,
    scores_of_all,
    result=equation(workspace, prompt_space + all_scores),
    because="prefill and decode share the workspace",
)
working = substitute(
    both_spaces,
    scores_of_all,
    result=equation(workspace, prompt_space + held_requests * request_scores),
    because="prompts pass through prefill one at a time, and every request scores one token",
    cite="agrawal2024",
    when=TRANSFORMER_INFERENCE,
)

# How many requests fit.
room_left = define(equation(room, capacity - weights - prompt_space), because="what neither weights nor a prompt take")
fits = define(
    equation(room, held_requests * (request_cache + request_scores)),
    because="the largest batch fills the room with keys, values and scores",
)
exact = solve(
    substitute(
        fits,
        room_left,
        result=equation(capacity - weights - prompt_space, held_requests * (request_cache + request_scores)),
        because="both are the room",
    ),
    held_requests,
    equation(held_requests, (capacity - weights - prompt_space) / (request_cache + request_scores)),
    because="divide it up",
)
filled = apply(exact, {held_requests: fitting}, because="as many as fill the room")
come_whole = define(
    equation(most_held, Max(0, floor(fitting))), because="requests come whole, and where nothing is left there are none"
)
every_replica = apply(
    in_turn.law,
    {in_turn.whole: largest, in_turn.parts: replicas, in_turn.part: most_held},
    because="every replica has its own room",
)
largest_batch = substitute(
    every_replica,
    come_whole,
    filled,
    result=equation(
        largest, replicas * Max(0, floor((capacity - weights - prompt_space) / (request_cache + request_scores)))
    ),
    because="name the requests of a replica",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)

wall = Wall(
    number=5,
    name="batching",
    domain="node",
    core=(
        all_requests,
        keeping.two_vectors,
        keeping.shared_heads,
        keeping.per_token,
        keeping.pages,
        keeping.per_request,
        space.layer_space,
        space.scores_of_request,
        working,
        exact,
        largest_batch,
        ridge.ridge_law,
        waste.half_a_page,
        waste.page_law,
        waste.static_law,
        waste.static_half,
        waste.paging_law,
        ridge.throughput_law,
        large_batch.saturation,
        ridge.reached_at_ridge,
        large_batch.context_law,
        large_batch.context_saturation,
    ),
    binds="keys and values fill the memory that weights leave",
    assumptions=(
        "every request reserves its whole length",
        "prompts pass through prefill one at a time",
        "lengths leave no remainder in a page likelier than another",
    ),
    validity="decoder models that cache keys and values",
)
