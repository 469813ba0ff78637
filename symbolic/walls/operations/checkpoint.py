"""Checkpoint: the state of a model must be written before it can be lost.

The write goes as fast as the nodes send or the file system takes, whichever is slower.
"""

from sympy import Min

from mlsysim.symbolic.foundations.inputs import filesystem, node_storage, parameters, state_bytes, weight_bytes
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.quantity import TRAINING, Quantity, data
from mlsysim.symbolic.rules import define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.fleet.fragility import write

size = data("checkpoint.size", r"M_{\mathrm{ckpt}}", "data of a checkpoint", display="GB")
rate = Quantity(
    "checkpoint.rate",
    r"BW_{\mathrm{ckpt}}",
    "byte/s",
    "rate at which a checkpoint is written",
    display="GB/s",
    low=1e6,
    high=1e13,
)
volume = data("checkpoint.volume", r"V", "data written in a time")
per_parameter = Quantity(
    "checkpoint.per_parameter", r"b_{\mathrm{ckpt}}", "byte/param", "bytes kept of each parameter", low=1, high=20
)

kept = given(
    equation(per_parameter, weight_bytes + state_bytes),
    because="weights and optimizer state are needed to go on, gradients are not",
    cite="rajbhandari2020",
)
all_of_it = define(equation(size, parameters * per_parameter), because="of every parameter")
size_law = substitute(
    all_of_it,
    kept,
    result=equation(size, parameters * (weight_bytes + state_bytes)),
    because="name what is kept",
    when=TRAINING,
)
slower = given(
    equation(rate, Min(nodes * node_storage, filesystem)),
    because="nodes write side by side until the file system is full",
    cite="grattafiori2024",
    when=TRAINING,
)
written = define(equation(volume, rate * write), because="a rate is data per time", cite="grattafiori2024")
complete = substitute(
    define(equation(size, volume), because="all of it is written"),
    written,
    result=equation(size, rate * write),
    because="name the data written",
)
law = solve(complete, write, equation(write, size / rate), because="the job waits for the write", when=TRAINING)

wall = Wall(
    number=19,
    name="checkpoint",
    domain="operations",
    core=(size_law, law),
    binds="writing the state stops the job for longer than its failures allow",
    assumptions=("the job stops while it writes", "nodes write equal parts"),
    validity="synchronous checkpoints to one file system",
)
