"""Plans that the tests of the tools share."""

from __future__ import annotations

HEAD = 'version: "1.0"\nworkload: {name: Llama3_70B}\n'
#: Llama-3 70B on one H100, which does not fit, and on two, which does.
ONE = HEAD + "hardware: {name: H100}\n"
TWO = HEAD + "hardware: {name: H100, accelerators: 2}\n"
YEARLY = TWO + "ops: {region: Quebec, duration_days: 365}\n"
LIMITED = TWO + 'constraints: {assert: [{metric: performance.itl, max: "20 ms"}]}\n'
LARGE = HEAD + "hardware: {name: H100, accelerators: 16}\n"
IMPOSSIBLE = LARGE + 'constraints: {assert: [{metric: performance.latency, max: "1 ms"}]}\n'
#: Two pools that serve together.
POOLS = (
    'version: "1.0"\nworkload: {name: Llama3_8B}\nserving: {requests_per_second: 1}\n'
    "hardware: {pools: [{name: H100, accelerators: 2}, {name: A100, accelerators: 2}]}\n"
)
