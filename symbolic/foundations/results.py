"""Quantities that every system defines in its own way: its work, its data, its memory and its times."""

from mlsysim.symbolic.quantity import Quantity, data, ratio, time


def work_of(name: str, latex: str, meaning: str, per: str = "") -> Quantity:
    """An amount of work, in all or per something."""
    display = {"": "TFLOP", "/token/token": "FLOP/token/token"}.get(per, f"GFLOP{per}")
    return Quantity(f"work.{name}", latex, f"flop{per}", meaning, display=display, low=1, high=1e18)


def rate_of(name: str, latex: str, meaning: str) -> Quantity:
    """A bandwidth that software reaches."""
    return Quantity(f"communication.{name}", latex, "byte/s", meaning, display="GB/s", low=1, high=1e12)


# One pass: a microbatch in training, the samples of an accelerator where only a profile is known.
stage_work = work_of("stage", r"O_{\mathrm{stage}}", "work of a pass on the slowest stage, per accelerator")
stage_compute_time = time("work.stage_time", r"T_{\mathrm{F}}", "least time of the work of a pass")
stage_moved = data("memory.stage_moved", r"D_{\mathrm{stage}}", "data that a pass moves on one accelerator")
stage_memory_time = time("memory.stage_time", r"T_{\mathrm{BW}}", "least time of the data of a pass")
stage_time = time("memory.stage_roofline", r"T_{\mathrm{stage}}", "time of a pass on the slowest stage")

# The whole step or batch.
model_work = work_of("model", r"O_{\mathrm{model}}", "work that the model needs, whatever the hardware does")
hardware_work = work_of("hardware", r"O_{\mathrm{hw}}", "work that the hardware does, recomputation counted")
latency = time("performance.latency", "T", "time of a training step, or of a batch of requests from start to end")
accelerator_time = time(
    "performance.time_accelerators",
    r"T_{\mathrm{step,acc}}",
    "time of a step on the accelerators, once its data is there",
)
busy = ratio("performance.busy", "u", "share of time in which accelerators compute", low=0, more_is_better=True)
goodput = ratio(
    "performance.goodput", r"\gamma", "share of time that is not lost to failures and checkpoints", more_is_better=True
)
throughput = Quantity("performance.throughput", "X", "token/s", "tokens per time", low=1, high=1e9, more_is_better=True)
sample_throughput = Quantity(
    "performance.sample_throughput",
    r"X_{\mathrm{sample}}",
    "sample/s",
    "samples per time",
    low=1,
    high=1e9,
    more_is_better=True,
)

# What lies in memory.
weights = data("memory.weights", r"M_{\mathrm{w}}", "weights on one accelerator")
gradients = data("memory.gradients", r"M_{\mathrm{g}}", "gradients on one accelerator")
state = data("memory.optimizer", r"M_{\mathrm{opt}}", "optimizer state on one accelerator")
activations = data("memory.activations", "A", "activations on one accelerator")
required = data("feasibility.memory_required", r"M_{\mathrm{req}}", "memory that one accelerator needs")
available = data("feasibility.memory_capacity", r"M_{\mathrm{cap}}", "memory that one accelerator has")
