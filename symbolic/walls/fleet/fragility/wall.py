"""Fragility: the more parts a job needs, the sooner one of them fails.

A failing fleet loses the work since its last checkpoint and the time to start again.
"""

from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.fleet.fragility import higher_order, interval, shared_parts, survival

wall = Wall(
    number=15,
    name="fragility",
    domain="fleet",
    core=(
        survival.law,
        interval.best,
        interval.least_loss,
        interval.share_kept,
        survival.failure_law,
        higher_order.wall_time,
        higher_order.exact_progress,
        higher_order.never_fails,
        higher_order.daly_law,
        higher_order.unbounded,
        higher_order.daly_period,
        shared_parts.shared_law,
        shared_parts.no_shared_parts,
        shared_parts.common_law,
        shared_parts.all_apart,
        shared_parts.all_together,
    ),
    binds="failures and checkpoints take more of the time than work does",
    assumptions=(
        "failures are independent and exponential, unless parts are shared or have a common cause",
        "a failure stops the whole job",
        "Daly's cost lets a restart fail too, but not the write of the last period of a run",
    ),
    validity="first-order laws: checkpoints much shorter than the time between failures; higher order: any",
)
