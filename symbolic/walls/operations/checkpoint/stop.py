"""Synchronous checkpoints: the job stops for the whole write, and what that costs at the best period."""

from sympy import sqrt

from mlsysim.symbolic.quantity import TRAINING, ratio
from mlsysim.symbolic.rules import define, equation, rewrite, substitute
from mlsysim.symbolic.walls.fleet.fragility import interval
from mlsysim.symbolic.walls.fleet.fragility.interval import period, write
from mlsysim.symbolic.walls.fleet.fragility.survival import fleet_mtbf
from mlsysim.symbolic.walls.operations.checkpoint import storage
from mlsysim.symbolic.walls.operations.checkpoint.size import size
from mlsysim.symbolic.walls.operations.checkpoint.storage import rate, write_time

penalty = ratio("checkpoint.penalty", r"\rho", "time lost to writing per time between checkpoints", high=4)

stops = define(equation(write, write_time), because="a synchronous job waits for the whole write")
law = substitute(
    stops,
    storage.write_takes,
    result=equation(write, size / rate),
    because="name the time of the write",
    cite="grattafiori2024",
    when=TRAINING,
)
paid = define(equation(penalty, write / period), because="every period pays one stall")
paid_at_best = substitute(
    paid,
    interval.best,
    result=equation(penalty, write / sqrt(2 * write * fleet_mtbf)),
    because="at the best period between failures",
    cite="young1974",
)
penalty_law = rewrite(
    paid_at_best,
    equation(penalty, sqrt(write / (2 * fleet_mtbf))),
    because="even at its best a stall costs the root of its length",
)
