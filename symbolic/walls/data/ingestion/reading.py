"""Reading: what a step of a plan reads from storage, and how fast all its nodes read it together."""

from sympy import Min

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import (
    dataset_size,
    filesystem,
    filesystem_reads,
    node_cache,
    node_reads,
    node_storage,
    sample_bytes,
    sequence,
    token_bytes,
)
from mlsysim.symbolic.quantity import PROFILED_TRAINING, TRAINING, TRANSFORMER_TRAINING, Quantity, time
from mlsysim.symbolic.rules import apply, define, equation, specialise, substitute
from mlsysim.symbolic.walls.data.ingestion import wall as ingestion
from mlsysim.symbolic.walls.data.ingestion.wall import (
    amplification,
    cache,
    data_set,
    fetch_time,
    hit,
    read,
    sample_size,
    supply,
)
from mlsysim.symbolic.walls.operations.checkpoint import storage as checkpoint

time_ingest = time("performance.time_ingest", r"T_{\mathrm{ingest}}", "time to read the samples of a step", low=0)
text_size = Quantity("ingestion.text_size", r"b_{\mathrm{text}}", "byte/sample", "stored size of a sequence of text")

# Bytes of a sample: an image has its own, text has some for each token.
text = apply(
    in_turn.law,
    {in_turn.whole: text_size, in_turn.parts: sequence, in_turn.part: token_bytes},
    because="a sequence is its tokens, one behind another",
)
either = define(
    equation(sample_size, sample_bytes + text_size),
    because="a data set of text has bytes for each token, any other has bytes for each sample",
)
size_of_a_sample = substitute(
    either,
    text,
    result=equation(sample_size, sample_bytes + sequence * token_bytes),
    because="name the tokens",
    when=TRANSFORMER_TRAINING,
)
size_as_published = define(
    equation(sample_size, sample_bytes),
    because="of a model known by its profile, a sample is one of the data set",
    when=PROFILED_TRAINING,
)

# What of it comes from storage.
in_large_files = specialise(
    ingestion.missed,
    {amplification: 1},
    equation(read, sample_size * (1 - hit)),
    because="samples lie one behind another in large files, so nothing is read in vain",
)
own_cache = apply(
    ingestion.kept,
    {cache: node_cache, data_set: dataset_size},
    because="every node draws from the whole data set and keeps what it can",
    cite="mohan2021",
)
read_of_a_sample = substitute(
    in_large_files,
    own_cache,
    result=equation(read, sample_size * (1 - Min(1, node_cache / dataset_size))),
    because="name the hits of the cache",
    when=TRAINING,
)

# How fast it comes.
all_nodes_read = apply(
    checkpoint.slower,
    {checkpoint.rate: supply, node_storage: node_reads, filesystem: filesystem_reads},
    because="nodes read side by side as they write, until the file system gives no more",
    when=TRAINING,
)
reading = apply(
    ingestion.fetch,
    {fetch_time: time_ingest},
    because="the samples of a step are read at that bandwidth",
    when=TRAINING,
)
