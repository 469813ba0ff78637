"""Workers: what the processors of all nodes take to transform the samples of a step, and how many of them keep up."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations import inputs as given_by
from mlsysim.symbolic.foundations.inputs import node_workers
from mlsysim.symbolic.foundations.results import accelerator_time as time_accelerators
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.quantity import TRAINING, Quantity, time
from mlsysim.symbolic.rules import apply
from mlsysim.symbolic.walls.data.ingestion.reading import time_ingest
from mlsysim.symbolic.walls.data.ingestion.wall import accelerator_time, fetch_time
from mlsysim.symbolic.walls.data.transformation import wall as transformation
from mlsysim.symbolic.walls.data.transformation.wall import transform_time, worker_rate, workers, workers_needed

time_transform = time(
    "performance.time_transform", r"T_{\mathrm{trans}}", "time to decode and augment the samples of a step", low=0
)
enough_workers = Quantity(
    "performance.workers_needed",
    r"N_{\mathrm{w,need}}",
    "1",
    "least workers, on all nodes together, that keep up with reading and computing",
    low=0,
    high=1e6,
    integer=True,
)

all_workers = apply(
    in_turn.law,
    {in_turn.whole: workers, in_turn.parts: nodes, in_turn.part: node_workers},
    because="every node has its own",
    when=TRAINING,
)
transforming = apply(
    transformation.law,
    {transform_time: time_transform, worker_rate: given_by.worker_rate},
    because="the workers of all nodes share the samples of a step",
    when=TRAINING,
)
enough = apply(
    transformation.needed,
    {
        workers_needed: enough_workers,
        worker_rate: given_by.worker_rate,
        fetch_time: time_ingest,
        accelerator_time: time_accelerators,
    },
    because="fewer would keep the accelerators or the storage waiting",
    when=TRAINING,
)
