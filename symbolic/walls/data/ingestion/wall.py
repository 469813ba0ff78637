"""Ingestion: storage must hand over samples as fast as the accelerators take them.

Whatever storage cannot deliver in time is time in which accelerators wait.
"""

from sympy import Max, Min, ceiling

from mlsysim.symbolic.foundations.inputs import batch
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, rewrite, solve, substitute
from mlsysim.symbolic.wall import Wall

appetite = Quantity(
    "ingestion.appetite",
    r"X_{\mathrm{acc}}",
    "sample/s",
    "samples per time that accelerators could take",
    low=1,
    high=1e6,
)
sample_size = Quantity(
    "ingestion.sample_size",
    r"b_{\mathrm{sample}}",
    "byte/sample",
    "stored size of a sample",
    display="kB/sample",
    low=1,
    high=1e8,
)
block = data("ingestion.block", "k", "least amount that storage reads at a time", display="kB", low=1)
amplification = ratio("ingestion.amplification", "a", "bytes read per byte that was asked for", low=1, high=64)
cache = data("ingestion.cache", r"C", "data that the cache holds")
data_set = data("ingestion.data_set", r"D", "data that an epoch reads")
hit = ratio("ingestion.hit", "h", "share of samples that the cache holds", low=0)
read = Quantity(
    "ingestion.read",
    r"b_{\mathrm{read}}",
    "byte/sample",
    "data read from storage per sample",
    display="kB/sample",
    low=1,
    high=1e8,
)
demand = Quantity(
    "ingestion.demand",
    r"BW_{\mathrm{need}}",
    "byte/s",
    "data per time asked of storage",
    display="GB/s",
    low=1,
    high=1e13,
)
supply = Quantity(
    "ingestion.supply",
    r"BW_{\mathrm{sup}}",
    "byte/s",
    "data per time that storage hands out",
    display="GB/s",
    low=1,
    high=1e13,
)
load = ratio("ingestion.load", r"\rho", "demand per supply", high=64)
fetch_time = time("ingestion.fetch_time", r"T_{\mathrm{io}}", "time to read a batch from storage")
accelerator_time = time("ingestion.accelerator_time", r"T_{\mathrm{acc}}", "time of a batch on the accelerators")
step_time = time("ingestion.step_time", r"T_{\mathrm{step}}", "time of a batch when the next is read meanwhile")
stall = ratio("ingestion.stall", r"x_{\mathrm{stall}}", "share of time in which accelerators wait for data", low=0)
pace = Quantity(
    "ingestion.pace", r"X_{\mathrm{io}}", "sample/s", "samples per time that are trained on", low=1, high=1e6
)
even_load = ratio("ingestion.even_load", r"\rho_{1}", "load at which storage just keeps up")
even_hit = Quantity(
    "ingestion.even_hit", r"h_{1}", "1", "share of hits at which storage just keeps up", low=-64, high=1
)
hit_needed = ratio("ingestion.hit_needed", r"h^{*}", "least share of hits that leaves no stall", low=0)

# What is asked of storage.
whole_blocks = define(
    equation(amplification, ceiling(sample_size / block) * block / sample_size),
    because="storage reads whole blocks, and the rest of the last one in vain",
)
kept = given(
    equation(hit, Min(1, cache / data_set)),
    because="an epoch reads each sample once, so a cache that keeps what it has hits its share of them",
    cite="mohan2021",
)
missed = given(
    equation(read, sample_size * amplification * (1 - hit)),
    because="storage reads what the cache misses, and more of it than was asked for",
    cite="mohan2021",
)
asked = define(equation(demand, appetite * read), because="every sample the accelerators take is read in time")
demand_law = substitute(
    asked,
    missed,
    result=equation(demand, appetite * sample_size * amplification * (1 - hit)),
    because="name the bytes of a sample",
)
busy = define(equation(load, demand / supply), because="above one, storage falls behind")
load_law = substitute(
    busy,
    demand_law,
    result=equation(load, appetite * sample_size * amplification * (1 - hit) / supply),
    because="name the demand",
)

# What it costs.
supply_rate = given(
    equation(supply, batch * read / fetch_time), because="a bandwidth is data per time", cite="williams2009"
)
fetch = solve(
    supply_rate, fetch_time, equation(fetch_time, batch * read / supply), because="the time is what was asked for"
)
accelerator_rate = given(
    equation(appetite, batch / accelerator_time), because="a pace is samples per time", cite="mohan2021"
)
accelerate = solve(
    accelerator_rate,
    accelerator_time,
    equation(accelerator_time, batch / appetite),
    because="the time is what was asked for",
)
prefetched = bottleneck(
    fetch,
    accelerate,
    result=equation(step_time, Max(fetch_time, accelerator_time)),
    because="the next batch is read while this one is trained on, and the slower decides",
    cite="mohan2021",
)
step = substitute(
    prefetched,
    fetch,
    accelerate,
    result=equation(step_time, Max(batch * read / supply, batch / appetite)),
    because="name both times",
)
waiting = define(
    equation(stall, 1 - accelerator_time / step_time), because="what is not training is waiting", cite="mohan2021"
)
stall_of_times = substitute(
    waiting,
    step,
    accelerate,
    result=equation(stall, 1 - batch / appetite / Max(batch * read / supply, batch / appetite)),
    because="name both times",
)
stall_of_rates = rewrite(
    stall_of_times, equation(stall, 1 - 1 / Max(1, appetite * read / supply)), because="the batch cancels"
)
load_of_read = substitute(
    busy, asked, result=equation(load, appetite * read / supply), because="the load, by the bytes of a sample"
)
supply_of_load = solve(
    load_of_read, supply, equation(supply, appetite * read / load), because="the supply that gives this load"
)
stall_of_load = substitute(
    stall_of_rates, supply_of_load, result=equation(stall, 1 - 1 / Max(1, load)), because="only the load remains"
)
stall_law = rewrite(
    stall_of_load, equation(stall, Max(0, 1 - 1 / load)), because="there is no stall until demand exceeds supply"
)
stall_everywhere = rewrite(
    stall_law,
    equation(stall, 1 - 1 / Max(1, load)),
    because="the same, in the form that also holds when the cache holds everything",
)
progress = define(equation(pace, batch / step_time), because="a batch is trained on in every step")
pace_of_rates = substitute(
    progress, step, result=equation(pace, batch / Max(batch * read / supply, batch / appetite)), because="name the step"
)
pace_law = substitute(
    pace_of_rates,
    supply_of_load,
    result=equation(pace, appetite / Max(1, load)),
    because="an overloaded storage slows training by its load",
)

# How much cache it takes.
load_of_hits = apply(load_law, {load: even_load, hit: even_hit}, because="some share of hits gives any load")
even = define(equation(even_load, 1), because="storage just keeps up when it is asked for all it has")
break_even = substitute(
    load_of_hits,
    even,
    result=equation(1, appetite * sample_size * amplification * (1 - even_hit) / supply),
    because="ask for the hits at which it does",
)
hits_at_even = solve(
    break_even,
    even_hit,
    equation(even_hit, 1 - supply / (appetite * sample_size * amplification)),
    because="the share of hits is what was asked for",
)
no_less = define(equation(hit_needed, Max(0, even_hit)), because="a storage that is fast enough needs no cache")
hit_law = substitute(
    no_less,
    hits_at_even,
    result=equation(hit_needed, Max(0, 1 - supply / (appetite * sample_size * amplification))),
    because="name the break-even",
)

wall = Wall(
    number=8,
    name="ingestion",
    domain="data",
    core=(demand_law, load_law, stall_everywhere, pace_law, hit_law, whole_blocks, kept, fetch, accelerate),
    binds="storage hands over samples more slowly than the accelerators take them",
    assumptions=(
        "the next batch is read while this one is trained on, far enough ahead to even out chance",
        "samples are read in random order, each once an epoch, and start at a block",
        "reading from the cache takes no time",
    ),
    validity="a steady state: many batches after the first, and after the first epoch where there is a cache",
)
