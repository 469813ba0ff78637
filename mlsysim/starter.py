"""A plan to start from: every section that most plans need, with what its fields mean."""

from __future__ import annotations

STARTER = """\
# yaml-language-server: $schema=https://mlsysim.org/schema/plan-1.0.json
# A plan for mlsysim: `mlsysim eval plan.yaml` evaluates it, `mlsysim check plan.yaml` says whether it holds,
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

# parallelism:               # what is left out follows a stated rule; `mlsysim optimize parallelism` finds the best
#   tensor: 4
#   pipeline: 1

ops:                         # without a duration, money, energy and carbon are skipped
  region: Quebec             # see `mlsysim zoo infra`
  duration_days: 30

# serving:                   # instead of training: requests that arrive one by one
#   requests_per_second: 10

constraints:
  assert:                    # a violated one ends `eval` and `check` with exit code 3
    - metric: performance.latency
      max: "30 s"            # a number alone is in the metric's own unit
    - metric: feasibility.memory_required
      max: "78 GB"
"""
