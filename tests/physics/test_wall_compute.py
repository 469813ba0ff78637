"""Work counts against loops that multiply, and against the counts and training times that papers print."""

from __future__ import annotations

import itertools

import pytest

from mlsysim.symbolic.graph import wall

DAY = 86400.0


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("compute").wall.evaluate(**values)


def multiply(rows: int, inner: int, columns: int) -> int:
    """Operations of a matrix product, one multiplication and one addition at a time."""
    operations = 0
    for _ in range(rows):
        for _ in range(columns):
            for _ in range(inner):
                operations += 2
    return operations


@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (3, 5, 7), (16, 8, 32)])
def test_a_product_takes_two_operations_for_each_term(m: int, n: int, k: int) -> None:
    """Counting every multiplication and addition gives 2 m n k."""
    assert law(rows=m, columns=n, inner=k)["product"] == multiply(m, k, n)


@pytest.mark.parametrize("widths", [(4, 8, 4), (3, 5, 7, 2)])
def test_a_backward_pass_is_twice_a_forward_pass(widths: tuple[int, ...]) -> None:
    """A chain of layers back-propagated product by product costs twice its forward pass."""
    tokens = 6
    pairs = list(itertools.pairwise(widths))
    forward = sum(multiply(tokens, k, n) for k, n in pairs)
    inputs = sum(multiply(tokens, n, k) for k, n in pairs)
    weights = sum(multiply(k, tokens, n) for k, n in pairs)
    parameters = sum(k * n for k, n in pairs)
    found = law(parameters=parameters, tokens=tokens, repeated=0)
    assert found["model_forward"] * tokens == forward
    assert found["model_backward"] * tokens == inputs + weights
    assert found["run"] == found["run_hardware"] == forward + inputs + weights


def test_attention_counts_the_pairs_that_attend() -> None:
    """Scoring and mixing pair by pair gives 4 L s d, and half of it, up to the diagonal, where tokens only look back."""
    layers, tokens, width, heads = 2, 48, 24, 3
    per_head = width // heads
    every = [(i, j) for i in range(tokens) for j in range(tokens)]
    count = lambda pairs: layers * len(pairs) * heads * (2 * per_head + 2 * per_head)  # noqa: E731
    base = {"layers": layers, "sequence_length": tokens, "hidden": width}
    assert law(causal=0, **base)["model_attention"] * tokens == count(every)
    looking_back = [pair for pair in every if pair[1] <= pair[0]]
    assert law(causal=1, **base)["model_attention"] * tokens == pytest.approx(count(looking_back), rel=1 / tokens)


# Narayanan et al. 2021, table 1: hidden size, layers, batch.
MODELS = [
    (2304, 24, 512), (3072, 30, 512), (4096, 36, 512), (6144, 40, 1024), (8192, 48, 1536), (10240, 60, 1792),
    (12288, 80, 2304), (16384, 96, 2160), (20480, 105, 2520), (25600, 128, 3072),
]  # fmt: skip


@pytest.mark.parametrize(("h", "layers", "batch"), MODELS)
def test_an_iteration_is_narayanans_equation(h: int, layers: int, batch: int) -> None:
    """Equation 3 exactly, from whole layers built of their matrices, for every model of table 1."""
    s, vocabulary = 2048, 51200
    found = law(batch_size=batch, sequence_length=s, layers=layers, hidden=h, vocabulary=vocabulary)
    forward = 2 * (4 * h * h + 2 * 4 * h * h) + 2 * 2 * s * h  # four square matrices, two of four squares, all pairs
    by_parts = batch * s * (4 * layers * forward + 3 * 2 * h * vocabulary)
    equation_3 = 96 * batch * s * layers * h**2 * (1 + s / (6 * h) + vocabulary / (16 * layers * h))
    assert found["gpt_iteration"] == pytest.approx(equation_3, rel=1e-14)
    assert found["gpt_iteration"] == pytest.approx(by_parts, rel=1e-14)
    general = law(
        batch_size=batch, sequence_length=s, layers=layers, repeated=1, gpt_layer_token=forward - 4 * s * h,
        gpt_attention=4 * s * h, gpt_head_token=2 * h * vocabulary,
    )  # fmt: skip
    assert general["iteration"] == pytest.approx(equation_3, rel=1e-14)


@pytest.mark.parametrize(
    ("parameters", "tokens", "devices", "rate", "days"),
    [(175e9, 300e9, 1024, 140e12, 34), (1008e9, 450e9, 3072, 163e12, 84)],
)
def test_recomputed_training_takes_the_days_narayanan_prints(
    parameters: float, tokens: float, devices: int, rate: float, days: float
) -> None:
    """Narayanan et al. 2021, section 5.1: 8 T P / (n X) is 34 days for GPT-3 and 84 for a trillion parameters."""
    found = law(parameters=parameters, tokens=tokens, repeated=1)
    assert found["run_hardware"] == 8 * tokens * parameters
    assert found["run_hardware"] / (devices * rate) / DAY == pytest.approx(days, abs=0.5)
    assert found["run_hardware"] == pytest.approx(found["run"] * 4 / 3)


def test_gpt3_takes_the_work_of_its_table() -> None:
    """Brown et al. 2020, table D.1: 174.6 billion parameters and 300 billion tokens are 3.14e23 operations."""
    assert law(parameters=174.6e9, tokens=300e9)["run"] == pytest.approx(3.14e23, rel=2e-3)
