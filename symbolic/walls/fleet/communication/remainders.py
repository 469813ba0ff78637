"""Remainders: what a split leaves over where heads, layers, tokens or samples do not divide evenly among its ranks."""

from sympy import Eq, Min, Mod, Piecewise

from mlsysim.symbolic.foundations import dealing, in_turn
from mlsysim.symbolic.foundations.inputs import (
    batch,
    causal,
    chunks,
    context,
    expert,
    expert_width,
    experts,
    ffn_width,
    heads,
    kv_heads,
    latent,
    microbatch,
    pipeline,
    replicas,
    sequence,
    sequence_parallel,
    tensor,
)
from mlsysim.symbolic.foundations.split import group, microbatches, share_layers
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, Quantity, count
from mlsysim.symbolic.rules import apply, define, equation, rewrite, substitute
from mlsysim.symbolic.step import NOWHERE, Step


def stray(name: str, latex: str, meaning: str, unit: str = "1") -> Quantity:
    """What is left over where a split does not divide evenly; zero where it does."""
    return count(f"split.stray_{name}", latex, meaning, unit=unit, low=0)


stray_samples = stray("samples", r"\Delta_{B}", "samples left over", unit="sample")
stray_heads = stray("heads", r"\Delta_{a}", "heads left over")
stray_kv_heads = stray("kv_heads", r"\Delta_{\mathrm{kv}}", "key-value heads, or ranks, left over")
stray_width = stray("width", r"\Delta_{f}", "feed-forward columns left over")
stray_expert_width = stray("expert_width", r"\Delta_{f,\mathrm{e}}", "columns of an expert left over")
stray_tokens = stray("tokens", r"\Delta_{s}", "tokens left over among context ranks", unit="token/sample")
stray_shares = stray("shares", r"\Delta_{\sigma}", "tokens left over among the ranks of a layer", unit="token/sample")
stray_experts = stray("experts", r"\Delta_{E}", "experts left over")
stray_ranks = stray("ranks", r"\Delta_{n}", "accelerators left over among expert groups")
stray_rounds = stray("rounds", r"\Delta_{m}", "microbatches left over in an interleaved schedule")
stray_layers = stray("layers", r"\Delta_{\ell}", "layers left over among the chunks of a stage")
batch_step = count("split.batch_step", r"B_{\mathrm{step}}", "samples that the replicas take at a time", unit="sample")
sequence_parts = count("split.sequence_parts", r"n_{c}", "parts into which context ranks cut a sequence")
sequence_step = count("split.sequence_step", r"n_{\sigma}", "tokens by which a sequence can grow on these ranks")
rank_parts = count("split.rank_parts", r"n_{c,1}", "parts of a sequence that a context rank takes", high=2)
head_rest = stray("kv_rest", r"\Delta_{\mathrm{kv},1}", "key-value heads left over among tensor ranks")
rank_rest = stray("rank_rest", r"\Delta_{\mathrm{kv},2}", "tensor ranks left over among key-value heads")
expert_rest = stray("expert_rest", r"\Delta_{E,1}", "experts left over among expert ranks")
token_rest = stray(
    "token_rest", r"\Delta_{\sigma,1}", "tokens left over among all ranks of a layer", unit="token/sample"
)
round_rest = stray("round_rest", r"\Delta_{m,1}", "microbatches left over among groups of p")


def _left(
    of: Quantity, everything: object, takers: object, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """What is left over of ``everything`` when ``takers`` get equally much."""
    reading = {dealing.left: of, dealing.everything: everything, dealing.takers: takers}
    return apply(dealing.law, reading, because=because, cite=cite, when=when)


def _times(of: Quantity, parts: object, part: object, because: str, when: frozenset[str] = NOWHERE) -> Step:
    """So many equal parts together."""
    reading = {in_turn.whole: of, in_turn.parts: parts, in_turn.part: part}
    return apply(in_turn.law, reading, because=because, when=when)


batch_taken = _times(
    batch_step, replicas, microbatch, "every replica takes a microbatch at a time", TRANSFORMER_TRAINING
)
batch_used = _left(stray_samples, batch, batch_step, "replicas do equal work", when=TRANSFORMER_TRAINING)
heads_used = _left(stray_heads, heads, tensor, "a head is not divided", when=TRANSFORMER)
width_used = _left(stray_width, ffn_width, tensor, "columns are divided evenly", when=TRANSFORMER)
expert_width_used = _left(stray_expert_width, expert_width, tensor, "columns are divided evenly", when=TRANSFORMER)
ranks_used = _left(stray_ranks, group, expert, "expert groups are made of replicas", when=TRANSFORMER_TRAINING)
layers_used = _left(
    stray_layers, share_layers, chunks, "the chunks of a stage are equal", "narayanan2021", TRANSFORMER_TRAINING
)


# Key-value heads are dealt to ranks, or ranks to key-value heads.
heads_dealt = _left(head_rest, kv_heads, tensor, "ranks hold equally many key-value heads", "pope2022")
ranks_dealt = _left(rank_rest, tensor, kv_heads, "or as many ranks share each of them", "pope2022")
either_divides = define(
    equation(stray_kv_heads, Piecewise((0, Eq(latent, 1)), (Min(head_rest, rank_rest), True))),
    because="one of both is enough, and a latent vector has no heads",
    cite="pope2022",
)
kv_heads_used = substitute(
    either_divides,
    heads_dealt,
    ranks_dealt,
    result=equation(
        stray_kv_heads, Piecewise((0, Eq(latent, 1)), (Min(Mod(kv_heads, tensor), Mod(tensor, kv_heads)), True))
    ),
    because="name what either leaves over",
    cite="pope2022",
    when=TRANSFORMER,
)

# A sequence is cut for context ranks, and the part of each again for tensor ranks.
early_and_late = define(
    equation(rank_parts, Piecewise((1, Eq(context, 1)), (1 + causal, True))),
    because="where a token attends only to those before it, a rank takes an early and a late part, for equal work",
    cite="grattafiori2024",
)
parts_of_all_ranks = _times(sequence_parts, context, rank_parts, "all ranks take equally many")
parts_counted = substitute(
    parts_of_all_ranks,
    early_and_late,
    result=equation(sequence_parts, context * Piecewise((1, Eq(context, 1)), (1 + causal, True))),
    because="name the parts of a rank",
)
parts_of_a_sequence = rewrite(
    parts_counted,
    equation(sequence_parts, Piecewise((1, Eq(context, 1)), (context * (1 + causal), True))),
    because="a single rank takes the sequence whole",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
sequence_used = _left(stray_tokens, sequence, sequence_parts, "ranks hold equal parts", when=TRANSFORMER_TRAINING)
rows_dealt = _left(token_rest, sequence, tensor * context, "every rank of a layer takes equally many tokens")
rows_where_shared = define(
    equation(stray_shares, Piecewise((token_rest, Eq(sequence_parallel, 1)), (0, True))),
    because="sequence parallelism divides the tokens of a context rank among its tensor ranks",
    cite="korthikanti2022",
)
shares_used = substitute(
    rows_where_shared,
    rows_dealt,
    result=equation(stray_shares, Piecewise((Mod(sequence, tensor * context), Eq(sequence_parallel, 1)), (0, True))),
    because="name what is left over",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
sequence_grows = _times(
    sequence_step, sequence_parts, tensor, "every part grows by a token for each tensor rank", TRANSFORMER_TRAINING
)

# Experts and microbatches, where there are any to deal.
experts_dealt = _left(expert_rest, experts, expert, "ranks hold equally many experts", "lepikhin2020")
none_to_deal = define(
    equation(stray_experts, expert_rest + Piecewise((0, Eq(expert, 1)), (0, experts > 0), (1, True))),
    because="a model without experts has none for several ranks",
    cite="lepikhin2020",
)
experts_used = substitute(
    none_to_deal,
    experts_dealt,
    result=equation(stray_experts, Mod(experts, expert) + Piecewise((0, Eq(expert, 1)), (0, experts > 0), (1, True))),
    because="name what is left over",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
turns_dealt = _left(round_rest, microbatches, pipeline, "microbatches run in groups of p", "narayanan2021")
where_interleaved = define(
    equation(stray_rounds, Piecewise((0, Eq(chunks, 1)), (0, Eq(pipeline, 1)), (round_rest, True))),
    because="only an interleaved schedule runs its microbatches in groups",
    cite="narayanan2021",
)
rounds_used = substitute(
    where_interleaved,
    turns_dealt,
    result=equation(
        stray_rounds, Piecewise((0, Eq(chunks, 1)), (0, Eq(pipeline, 1)), (Mod(microbatches, pipeline), True))
    ),
    because="name what is left over",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
