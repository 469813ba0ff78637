"""What an accelerator holds when it serves: weights, keys and values, and a workspace."""

from mlsysim.symbolic.foundations.inputs import weight_bytes
from mlsysim.symbolic.foundations.results import required, weights
from mlsysim.symbolic.foundations.split import expert_stage, shared_stage
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE
from mlsysim.symbolic.rules import apply, equation, total
from mlsysim.symbolic.walls.node.batching import wall as batching
from mlsysim.symbolic.walls.node.batching.wall import cache, workspace
from mlsysim.symbolic.walls.node.memory import divided
from mlsysim.symbolic.walls.node.memory.divided import bytes_each, dense_parameters, divided_data, expert_parameters

weights_served = apply(
    divided.undivided,
    {divided_data: weights, bytes_each: weight_bytes, dense_parameters: shared_stage, expert_parameters: expert_stage},
    because="weights are read only, and ZeRO divides none of them",
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
