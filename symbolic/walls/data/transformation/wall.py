"""Transformation: raw samples must be decoded and augmented as fast as the accelerators take them.

Reading, transforming and training run side by side on different batches, and the slowest of the three sets the pace.
"""

from sympy import Max, ceiling

from mlsysim.symbolic.foundations.inputs import batch
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, solve, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.data.ingestion import wall as ingestion
from mlsysim.symbolic.walls.data.ingestion.wall import accelerator_time, fetch_time

workers = count("transformation.workers", r"N_{\mathrm{w}}", "workers that transform samples", high=512)
worker_rate = Quantity(
    "transformation.worker_rate", r"r_{\mathrm{w}}", "sample/s", "samples per time of one worker", low=1, high=1e5
)
transform_time = time("transformation.transform_time", r"T_{\mathrm{cpu}}", "time to transform a batch")
step_time = time("transformation.step_time", r"T_{\mathrm{step}}", "time of a batch in a pipeline of the three")
serial_time = time("transformation.serial_time", r"T_{\mathrm{serial}}", "time of a batch, one thing after another")
stall = ratio("transformation.stall", r"x_{\mathrm{stall}}", "share of time in which accelerators wait for data", low=0)
others = time("transformation.others", r"T_{\mathrm{other}}", "time of the slower of reading and training")
even_workers = Quantity(
    "transformation.even_workers", r"N_{1}", "1", "workers, in fractions, that just keep up", low=1e-3, high=512
)
workers_needed = count("transformation.workers_needed", r"N_{\mathrm{w}}^{*}", "least workers that keep up", high=512)

together = given(
    equation(batch, workers * worker_rate * transform_time),
    because="workers take samples side by side, each at its own rate",
    cite="murray2021",
)
law = solve(
    together,
    transform_time,
    equation(transform_time, batch / (workers * worker_rate)),
    because="the time is what was asked for",
)
pipelined = bottleneck(
    ingestion.fetch,
    law,
    ingestion.accelerate,
    result=equation(step_time, Max(fetch_time, transform_time, accelerator_time)),
    because="the three work on different batches at once, and the slowest decides",
    cite="mohan2021",
)
serial = total(
    ingestion.fetch,
    law,
    ingestion.accelerate,
    result=equation(serial_time, fetch_time + transform_time + accelerator_time),
    because="without a pipeline every batch passes through all three in turn",
)
waiting = define(
    equation(stall, 1 - accelerator_time / step_time), because="what is not training is waiting", cite="mohan2021"
)
stall_law = substitute(
    waiting,
    pipelined,
    result=equation(stall, 1 - accelerator_time / Max(fetch_time, transform_time, accelerator_time)),
    because="name the step",
)
other_two = bottleneck(
    ingestion.fetch,
    ingestion.accelerate,
    result=equation(others, Max(fetch_time, accelerator_time)),
    because="workers need be no faster than the slower of the other two",
)
just_enough = apply(
    law, {transform_time: others, workers: even_workers}, because="let some number of workers take just as long"
)
fraction = solve(
    just_enough,
    even_workers,
    equation(even_workers, batch / (worker_rate * others)),
    because="the number of workers is what was asked for",
)
enough = substitute(
    fraction,
    other_two,
    result=equation(even_workers, batch / (worker_rate * Max(fetch_time, accelerator_time))),
    because="name the slower",
)
whole = define(equation(workers_needed, ceiling(even_workers)), because="workers come whole")
needed = substitute(
    whole,
    enough,
    result=equation(workers_needed, ceiling(batch / (worker_rate * Max(fetch_time, accelerator_time)))),
    because="more would wait, fewer would keep the others waiting",
)

wall = Wall(
    number=9,
    name="transformation",
    domain="data",
    core=(law, pipelined, serial, stall_law, needed),
    binds="decoding and augmenting samples takes longer than reading them and than training on them",
    assumptions=(
        "workers do not slow each other down",
        "samples of a batch cost the same on average, and enough batches are prepared ahead to even out chance",
    ),
    validity="a steady state, with no more workers than cores",
)
