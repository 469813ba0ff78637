"""Sharing a cluster: how long a training job waits for its accelerators behind others of its kind.

Nothing is paid while it waits, since it holds nothing; what waits is the result.
"""

from sympy import Piecewise, oo

from mlsysim.symbolic.foundations import many_servers, queue
from mlsysim.symbolic.foundations.inputs import shared_load, shared_places, shared_spread
from mlsysim.symbolic.foundations.queue import one_request
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, ratio, time
from mlsysim.symbolic.rules import apply, equation, rewrite, total
from mlsysim.symbolic.walls.fleet.multi_tenant import wall as multi_tenant
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency
from mlsysim.symbolic.walls.operations.capital import run
from mlsysim.symbolic.walls.operations.capital.run import held

job_waits = ratio("multi_tenant.job_waits", r"C_{\mathrm{job}}", "probability that a job must wait", low=0)
queue_wait = time(
    "macro.queue_wait", r"W_{\mathrm{job}}", "mean wait of the job for its accelerators, for which nothing is paid",
    display="day", low=0,
)  # fmt: skip
time_to_result = time(
    "macro.time_to_result",
    r"T_{\mathrm{result}}",
    "time from handing in the job to its result, on average",
    display="day",
)

must_wait = apply(
    many_servers.erlang_named,
    {many_servers.must_wait: job_waits, queue.servers: shared_places, queue.load: shared_load * shared_places},
    because="each place of the cluster is a server, and jobs like this one arrive at random",
    when=TRANSFORMER_TRAINING,
)
behind_others = apply(
    multi_tenant.many_general,
    {
        tail_latency.mean_wait: queue_wait,
        multi_tenant.service_spread: shared_spread,
        queue.utilisation: shared_load,
        many_servers.must_wait: job_waits,
        queue.servers: shared_places,
        queue.rate: one_request / held,
        queue.arrivals: shared_load * shared_places * one_request / held,
    },
    because="the wait of who shares the servers; a job takes as long as this one holds its accelerators",
)
job_wait = rewrite(
    behind_others,
    equation(
        queue_wait,
        Piecewise(
            (oo, shared_load >= 1),
            ((1 + shared_spread**2) / 2 * job_waits * held / (shared_places * (1 - shared_load)), True),
        ),
    ),
    because="how many arrive follows from how busy the cluster is",
    cite="allen1990",
    when=TRANSFORMER_TRAINING,
)
result = total(
    job_wait,
    run.held_for,
    result=equation(time_to_result, queue_wait + held),
    because="first it waits, then it runs",
    when=TRANSFORMER_TRAINING,
)
