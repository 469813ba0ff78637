"""Communication: accelerators that share work must exchange what they computed, and wait for each other.

A message costs a latency for every hop and the time its bytes take on the link; a collective is a pattern of messages.
A pipeline costs the time in which its stages wait to be filled and drained.
"""

from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.fleet.communication import (
    context_ring,
    expert,
    few_rounds,
    hierarchy,
    messages,
    pipeline_schedule,
    quickest,
    sequence,
    tensor_step,
)

wall = Wall(
    number=14,
    name="communication",
    domain="fleet",
    core=(
        messages.all_reduce,
        messages.floor_of_reduce,
        messages.exchange,
        pipeline_schedule.bubble_share,
        messages.one_message,
        messages.scatter,
        messages.gather,
        few_rounds.rounds_law,
        few_rounds.halving_law,
        few_rounds.doubling_law,
        few_rounds.tree_law,
        quickest.chosen,
        quickest.short_message,
        quickest.tree_message,
        hierarchy.hierarchy_law,
        hierarchy.one_to_a_node,
        hierarchy.wide_hierarchy,
        tensor_step.tensor_law,
        sequence.sequence_law,
        sequence.regather_law,
        pipeline_schedule.bubble_of_ideal,
        pipeline_schedule.ends_law,
        expert.expert_law,
        context_ring.ring_volume_law,
        context_ring.ring_time_law,
        context_ring.ring_hidden_law,
    ),
    binds="exchanging results, or waiting for them, takes longer than computing them",
    assumptions=(
        "links run at their bandwidth in both directions at once and nobody else uses them",
        "collectives of a plan are rings; within a node first, then between nodes, over the links of all its ranks at once",
        "ranks of a group that spans nodes are spread over them evenly",
        "halving, doubling and trees find every pair of ranks equally far apart",
        "all stages of a pipeline take as long as the slowest",
    ),
    validity="messages large enough for the alpha-beta model; at most one process on each accelerator",
)
