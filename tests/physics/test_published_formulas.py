"""The graph against formulas and tables that papers print."""

from __future__ import annotations

import pytest

from tests.physics.conftest import Evaluate, gpt

# Korthikanti et al. 2022, table 3: attention heads, hidden size, layers, tensor-parallel size.
CONFIGURATIONS = [(64, 6144, 48, 8), (96, 12288, 96, 8), (128, 20480, 105, 8), (160, 25600, 128, 8)]


@pytest.mark.parametrize(("a", "h", "layers", "t"), CONFIGURATIONS)
@pytest.mark.parametrize("b", [1, 4])
def test_activations_are_those_of_korthikanti_table_2(
    training: Evaluate, a: int, h: int, layers: int, t: int, b: int
) -> None:
    """Bytes per layer for each technique, to the last byte."""
    s = 2048
    model = gpt(layers, h, a, 51200, s)

    def layer(**split: float) -> float:
        return training(**model, microbatch=b, batch_size=b, **split)["memory.layer_kept"]

    sbh = s * b * h
    assert layer() == pytest.approx(sbh * (34 + 5 * a * s / h), rel=1e-14)
    assert layer(tensor=t) == pytest.approx(sbh * (10 + 24 / t + 5 * a * s / (h * t)), rel=1e-14)
    assert layer(tensor=t, sequence=1) == pytest.approx(sbh / t * (34 + 5 * a * s / h), rel=1e-14)
    assert layer(tensor=t, recompute=1) == pytest.approx(sbh * (10 + 24 / t), rel=1e-14)
    assert layer(tensor=t, sequence=1, recompute=1) == pytest.approx(sbh * 34 / t, rel=1e-14)
    assert layer(recompute=2) == 2 * sbh


@pytest.mark.parametrize(("p", "v"), [(8, 1), (8, 3), (35, 3), (64, 1)])
def test_the_first_stage_holds_the_layers_of_the_schedule(training: Evaluate, p: int, v: int) -> None:
    """1F1B holds L layers' worth on the first stage, interleaving L (1 + (p - 1) / (p v))."""
    layers = 2 * p * v
    found = training(**gpt(layers, 1024, 16, 51200, 2048), pipeline=p, interleave=v, batch_size=4 * p)
    expected = layers * (1 + (p - 1) / (p * v)) if v > 1 else layers
    assert found["memory.in_flight"] == pytest.approx(expected)


# Narayanan et al. 2021, table 1: heads, hidden size, layers, parameters in billions as printed, batch.
MODELS = [
    (24, 2304, 24, 1.7, 512), (32, 3072, 30, 3.6, 512), (32, 4096, 36, 7.5, 512), (48, 6144, 40, 18.4, 1024),
    (64, 8192, 48, 39.1, 1536), (80, 10240, 60, 76.1, 1792), (96, 12288, 80, 145.6, 2304), (128, 16384, 96, 310.1, 2160),
    (128, 20480, 105, 529.6, 2520), (160, 25600, 128, 1008.0, 3072),
]  # fmt: skip


@pytest.mark.parametrize(("a", "h", "layers", "billions", "batch"), MODELS)
def test_parameters_and_work_are_those_of_narayanan(
    training: Evaluate, a: int, h: int, layers: int, billions: float, batch: int
) -> None:
    """Equation 2 within the final norm it leaves out, the printed count, and equation 3 exactly."""
    s, vocabulary = 2048, 51200
    found = training(**gpt(layers, h, a, vocabulary, s), batch_size=batch, recompute=2)
    equation_2 = 12 * layers * h**2 * (1 + 13 / (12 * h) + (vocabulary + s) / (12 * layers * h))
    assert found["model.parameters"] == pytest.approx(equation_2 + 2 * h, rel=1e-14)
    assert found["model.parameters"] / 1e9 == pytest.approx(billions, abs=0.06)
    equation_3 = 96 * batch * s * layers * h**2 * (1 + s / (6 * h) + vocabulary / (16 * layers * h))
    assert found["work.hardware"] == pytest.approx(equation_3, rel=1e-14)


def test_gpt3_takes_the_work_its_authors_print(training: Evaluate) -> None:
    """300 billion tokens are 3.14e23 operations (Brown et al. 2020, table D.1), attention and scores left out."""
    found = training(**{**gpt(96, 12288, 96, 50257, 2048), "causal": 1}, batch_size=1)
    per_token = 3 * found["model.layers"] * found["work.layer"]
    assert per_token * 300e9 == pytest.approx(3.14e23, rel=0.01)
    assert found["work.model"] / 2048 * 300e9 == pytest.approx(3.14e23, rel=0.05)


def test_mixed_precision_adam_takes_sixteen_bytes(training: Evaluate) -> None:
    """Rajbhandari et al. 2020, figure 1: 7.5 billion parameters on 64 devices need 120, 31.4, 16.6 and 1.9 GB."""
    model = {**gpt(1, 1000, 8, 1, 1), "positions": 0}
    base = training(**model, microbatch=1)
    scale = 7.5e9 / base["model.parameters"]
    printed = {0: 120, 1: 31.4, 2: 16.6, 3: 1.9}
    for stage, gigabytes in printed.items():
        found = training(**model, data=64, batch_size=64, zero=stage)
        held = sum(found[f"memory.{part}"] for part in ("weights", "gradients", "optimizer"))
        assert held * scale / 1e9 == pytest.approx(gigabytes, abs=0.06)


def test_keys_and_values_of_published_models(serving: Evaluate) -> None:
    """Kwon et al. 2023: OPT-13B keeps 800 KiB a token; DeepSeek-AI 2024: MLA keeps 576 numbers a layer, 70 kB a token."""
    opt = serving(layers=40, hidden=5120, heads=40, kv_heads=40, head_width=128, cache_bytes=2)
    assert opt["batching.token_cache"] == 800 * 1024
    deepseek = serving(layers=61, latent=1, kv_rank=512, rope_width=64, cache_bytes=2)
    assert deepseek["batching.token_cache"] == 61 * 576 * 2 == pytest.approx(70e3, rel=0.01)


def test_experts_read_follow_the_closed_form(serving: Evaluate) -> None:
    """One token reads k of E experts; very many read all; a dense model reads none."""
    one = serving(experts=8, active_experts=2, batch_size=1)
    assert one["serving.decode_touched"] == pytest.approx(2 / 8)
    many = serving(experts=8, active_experts=2, batch_size=1000)
    assert many["serving.decode_touched"] == pytest.approx(1)
    assert serving(experts=0, active_experts=0)["serving.decode_touched"] == 0
