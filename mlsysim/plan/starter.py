"""A plan to start from: every section that most plans need, with what its fields mean."""

from __future__ import annotations

from mlsysim.result import address

STARTER = (
    f"# yaml-language-server: $schema={address('plan')}"
    + """
# A plan for mlsysim: `mlsysim eval mlsys.yaml` evaluates it, `mlsysim check mlsys.yaml` says whether it holds,
# `mlsysim schema` describes every field.
version: "1.0"
name: "My first plan"

workload:
  name: Llama3_8B            # see `mlsysim zoo models`
  batch_size: 512            # sequences of a training step, over all accelerators
  sequence_length: 8192      # tokens of a sequence
  # precision: bf16          # default: the first of bf16, fp16, fp32 that the accelerator has

hardware:
  name: H100                 # see `mlsysim zoo hardware`
  nodes: 4                   # standard nodes of that accelerator; instead, `accelerators: 8`
                             # or, instead of a name, `fleet: SuperPOD_SU_H100` (see `mlsysim zoo fleets`), or `pools:`

# network:                   # default: that of the node
#   fabric: InfiniBand_NDR   # see `mlsysim zoo fabrics`; or `bandwidth: 50 GB/s` and `latency: 5 us`

# parallelism:               # what is left out follows a stated rule; `mlsysim optimize parallelism` finds the best
#   tensor: 4
#   pipeline: 1

ops:                         # without a duration, money, energy and carbon are skipped
  region: Quebec             # see `mlsysim zoo grids`
  duration_days: 30

# serving:                   # instead of training: requests that arrive one by one
#   requests_per_second: 10

# search:                    # what `mlsysim optimize mlsys.yaml` decides, and what it may choose
#   objective: latency
#   vary: {tensor: [2, 4, 8]}

constraints:
  assert:                    # a violated one ends `eval` and `check` with exit code 3
    - metric: performance.latency
      max: "30 s"            # also `min:` and `equals:`; a number alone is in `unit:`, else in the metric's own unit
      reason: "a checkpoint every 100 steps takes less than an hour"
    - metric: feasibility.memory_required
      max: "78 GB"
      severity: warn         # reported, but no failure
"""
)
