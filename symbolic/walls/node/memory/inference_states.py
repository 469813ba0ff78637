"""What an accelerator holds when it serves: weights, keys and values, and a workspace."""

from mlsysim.symbolic.foundations.inputs import weight_bytes
from mlsysim.symbolic.foundations.results import required, weights
from mlsysim.symbolic.foundations.split import expert_stage, shared_stage
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE
from mlsysim.symbolic.rules import define, equation, total
from mlsysim.symbolic.walls.node.batching import wall as batching
from mlsysim.symbolic.walls.node.batching.wall import cache, workspace

weights_served = define(
    equation(weights, weight_bytes * (shared_stage + expert_stage)),
    because="weights are read only",
    when=TRANSFORMER_INFERENCE,
)
needed = total(
    weights_served,
    batching.all_requests,
    batching.working,
    result=equation(required, weights + cache + workspace),
    because="all of it lies in memory at once",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
