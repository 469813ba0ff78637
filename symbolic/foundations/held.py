"""Held: the parameters that one accelerator holds of its stage, of the tables at the ends and of the experts."""

from sympy import Eq, Max, Piecewise

from mlsysim.symbolic.foundations import in_turn, model, shares
from mlsysim.symbolic.foundations.inputs import expert, further, pipeline, tensor
from mlsysim.symbolic.foundations.split import (
    expert_stage,
    first_layers,
    shared_between,
    shared_first,
    shared_last,
    shared_stage,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.foundations.transformer import (
    embedding,
    ends,
    expert_layer,
    final_norm,
    head,
    parameters_of,
    shared_layer,
)
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, count
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, specialise, substitute

some_layers = count("split.some_layers", r"\ell_{i}", "layers of some stage", low=0, high=32)
layers_whole = parameters_of("split", "layers_whole", r"S_{i,\ell}", "parameters of the layers of some stage")
table = parameters_of("split", "table", r"S_{i,\mathrm{end}}", "parameters beside its layers")
stage_whole = parameters_of("split", "stage_whole", r"S_{i}", "parameters of some stage, experts apart")
stage_held = parameters_of("split", "stage_held", r"S_{i,t}", "those that one accelerator holds")
larger_table = parameters_of("split", "larger_table", r"P_{\mathrm{tab}}", "the larger table of the ends")
stage_table = parameters_of(
    "split", "stage_table", r"S_{\mathrm{end}}", "parameters beside the layers of the stage with most"
)
first_table = parameters_of(
    "split", "first_table", r"S_{\mathrm{end,first}}", "parameters beside the layers of the first stage"
)
last_table = parameters_of(
    "split", "last_table", r"S_{\mathrm{end,last}}", "parameters beside the layers of the last stage"
)
experts_whole = parameters_of("split", "experts_whole", r"S_{\mathrm{ex},\ell}", "parameters of the experts of a stage")

# Any stage.
layers_of_some_stage = apply(
    in_turn.law,
    {in_turn.whole: layers_whole, in_turn.parts: some_layers, in_turn.part: shared_layer},
    because="layer after layer",
)
layers_and_table = define(
    equation(stage_whole, layers_whole + table), because="an end of the pipeline also holds a table"
)
divided_by_tensor = apply(
    shares.law,
    {shares.share: stage_held, shares.whole: stage_whole, shares.shares: tensor},
    because="tensor parallelism divides every matrix",
    cite="shoeybi2019",
)
law = substitute(
    divided_by_tensor,
    layers_and_table,
    layers_of_some_stage,
    result=equation(stage_held, (some_layers * shared_layer + table) / tensor),
    because="name the layers",
)
layers_alone = specialise(
    law, {table: 0}, equation(stage_held, some_layers * shared_layer / tensor), because="between the ends there is none"
)

# The stages of a training step.
beside_the_first = define(
    equation(first_table, Piecewise((ends, Eq(pipeline, 1)), (embedding, True))),
    because="the first stage holds the embedding, and everything where there is one stage",
    cite="narayanan2021",
)
on_the_first = apply(
    law, {stage_held: shared_first, some_layers: first_layers, table: first_table}, because="the first stage"
)
parameters_of_the_first = substitute(
    on_the_first,
    beside_the_first,
    result=equation(
        shared_first, (first_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (embedding, True))) / tensor
    ),
    because="name its table",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
parameters_between = apply(
    layers_alone,
    {stage_held: shared_between, some_layers: stage_layers},
    because="a stage between the ends holds layers alone",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
beside_the_last = define(
    equation(last_table, Piecewise((ends, Eq(pipeline, 1)), (head + final_norm + further, True))),
    because="the last stage holds the output head, a copy of its own where that is tied to the embedding",
    cite="narayanan2021",
)
on_the_last = apply(
    law, {stage_held: shared_last, some_layers: tail_layers, table: last_table}, because="the last stage"
)
parameters_of_the_last = substitute(
    on_the_last,
    beside_the_last,
    result=equation(
        shared_last,
        (tail_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (head + final_norm + further, True))) / tensor,
    ),
    because="name its table",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
parameters_at_most = bottleneck(
    parameters_of_the_first,
    parameters_between,
    parameters_of_the_last,
    result=equation(shared_stage, Max(shared_first, shared_between, shared_last)),
    because="the stage that holds most decides",
    when=TRANSFORMER_TRAINING,
)

# The stages of inference, of which the largest stands for all.
table_or_table = bottleneck(
    model.tables,
    model.scores,
    result=equation(larger_table, Max(embedding, head)),
    because="the ends of a pipeline hold one table each, and the larger decides",
)
one_stage_or_ends = define(
    equation(stage_table, Piecewise((ends, Eq(pipeline, 1)), (larger_table, True))),
    because="one stage holds everything",
)
on_the_largest = apply(
    law,
    {stage_held: shared_stage, some_layers: stage_layers, table: stage_table},
    because="a stage with most layers and the larger table",
)
parameters_here = substitute(
    on_the_largest,
    one_stage_or_ends,
    table_or_table,
    result=equation(
        shared_stage,
        (stage_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (Max(embedding, head), True))) / tensor,
    ),
    because="name the table",
    cite="narayanan2021",
    when=TRANSFORMER_INFERENCE,
)

# Routed experts.
experts_of_a_stage = apply(
    in_turn.law,
    {in_turn.whole: experts_whole, in_turn.parts: stage_layers, in_turn.part: expert_layer},
    because="the experts of layer after layer",
)
experts_divided = apply(
    shares.law,
    {shares.share: expert_stage, shares.whole: experts_whole, shares.shares: tensor * expert},
    because="expert parallelism divides the experts, tensor parallelism each of them",
    cite="lepikhin2020",
)
experts_here = substitute(
    experts_divided,
    experts_of_a_stage,
    result=equation(expert_stage, stage_layers * expert_layer / (tensor * expert)),
    because="name the experts",
    cite="lepikhin2020",
    when=TRANSFORMER,
)
