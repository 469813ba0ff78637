"""Stages: how the layers of a model are dealt out to the stages of a pipeline, and what its ends are spared."""

from sympy import Max, Min, Piecewise

from mlsysim.symbolic.foundations import in_turn, whole_shares
from mlsysim.symbolic.foundations.inputs import first_spared, last_spared, layers, pipeline
from mlsysim.symbolic.foundations.split import (
    counted_layers,
    first_layers,
    lacking_layers,
    share_layers,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, count
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, rewrite, solve, substitute

dealt = count("split.dealt", r"L_{p}", "layers that equal shares hold in all", high=1024)
first_lack = count("split.first_lack", r"\delta_{\mathrm{first}}", "layers that the first stage lacks", low=0, high=1)
tail_lack = count("split.tail_lack", r"\delta_{\mathrm{tail}}", "layers that the last stage lacks", low=0, high=1)
larger_end = count("split.larger_end", r"\ell_{\mathrm{end}}", "layers of the larger end", low=0, high=32)
longest = count("split.longest", r"\ell_{\max}", "layers of the largest of three stages or more", high=32)

layers_of_a_stage = apply(
    whole_shares.law,
    {whole_shares.largest: stage_layers, whole_shares.pieces: layers, whole_shares.sharers: pipeline},
    because="a stage holds whole layers, and the largest decides",
    cite="narayanan2021",
    when=TRANSFORMER_INFERENCE,
)

# Equal shares, and what they lack.
layers_dealt = define(
    equation(counted_layers, layers + first_spared + last_spared),
    because="the embedding and the output head count as so many layers when layers are dealt out",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
equal_share = apply(
    whole_shares.law,
    {whole_shares.largest: share_layers, whole_shares.pieces: counted_layers, whole_shares.sharers: pipeline},
    because="a stage holds whole layers",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
all_shares = apply(
    in_turn.law,
    {in_turn.whole: dealt, in_turn.parts: pipeline, in_turn.part: share_layers},
    because="every stage takes an equal share",
)
not_there = define(equation(lacking_layers, dealt - counted_layers), because="which may be more layers than there are")
lacking = substitute(
    not_there,
    all_shares,
    result=equation(lacking_layers, pipeline * share_layers - counted_layers),
    because="name the shares",
    when=TRANSFORMER_TRAINING,
)

# The ends.
first_lacks = given(
    equation(first_lack, Piecewise((1, lacking_layers >= 2), (0, True))),
    because="where two layers lack, one of them lacks on the first stage",
    cite="grattafiori2024",
)
tail_lacks = given(
    equation(tail_lack, Min(1, lacking_layers)),
    because="where a layer lacks, it lacks on the last stage first, for this stage scores the output",
    cite="grattafiori2024",
)
share_of_the_first = define(
    equation(share_layers, first_layers + first_spared + first_lack),
    because="layers, what the embedding counts as, and what lacks make up an equal share",
    cite="grattafiori2024",
)
first_by_share = solve(
    share_of_the_first,
    first_layers,
    equation(first_layers, share_layers - first_spared - first_lack),
    because="the layers are what is left",
)
layers_of_the_first = substitute(
    first_by_share,
    first_lacks,
    result=equation(first_layers, share_layers - first_spared - Piecewise((1, lacking_layers >= 2), (0, True))),
    because="name what lacks",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
share_of_the_tail = define(
    equation(share_layers, tail_layers + last_spared + tail_lack),
    because="likewise with what the output head counts as",
    cite="grattafiori2024",
)
tail_by_share = solve(
    share_of_the_tail,
    tail_layers,
    equation(tail_layers, share_layers - last_spared - tail_lack),
    because="the layers are what is left",
)
layers_of_the_tail = substitute(
    tail_by_share,
    tail_lacks,
    result=equation(tail_layers, share_layers - last_spared - Min(1, lacking_layers)),
    because="name what lacks",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)

# The largest stage.
end_or_end = bottleneck(
    layers_of_the_first,
    layers_of_the_tail,
    result=equation(larger_end, Max(first_layers, tail_layers)),
    because="one or two stages are ends, and the larger decides",
)
end_or_between = bottleneck(
    layers_of_the_first,
    layers_of_the_tail,
    equal_share,
    result=equation(longest, Max(share_layers, first_layers, tail_layers)),
    because="a stage between the ends holds an equal share",
    cite="narayanan2021",
)
ends_by_share = substitute(
    end_or_between,
    first_by_share,
    tail_by_share,
    result=equation(
        longest, Max(share_layers, share_layers - first_spared - first_lack, share_layers - last_spared - tail_lack)
    ),
    because="name the ends",
)
between_is_largest = rewrite(
    ends_by_share, equation(longest, share_layers), because="no end holds more than an equal share"
)
by_number_of_stages = define(
    equation(stage_layers, Piecewise((larger_end, pipeline <= 2), (longest, True))),
    because="with three stages or more there is one between the ends",
)
layers_of_the_largest = substitute(
    by_number_of_stages,
    end_or_end,
    between_is_largest,
    result=equation(stage_layers, Piecewise((Max(first_layers, tail_layers), pipeline <= 2), (share_layers, True))),
    because="name both",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
