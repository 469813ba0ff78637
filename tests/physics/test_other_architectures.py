"""Architectures beside the plan's transformer: their equations give the totals that are published or that the library counts."""

from __future__ import annotations

import pytest

from mlsysim.importing.profiled import evaluate
from mlsysim.registry import find

#: Layers of a side, width, heads, their width, feed-forward width.
T5 = {
    "t5-small": ((6, 512, 8, 64, 2048), 60_506_624), "t5-base": ((12, 768, 12, 64, 3072), 222_903_552),
    "t5-large": ((24, 1024, 16, 64, 4096), 737_668_096), "t5-3b": ((24, 1024, 32, 128, 16384), 2_851_598_336),
    "t5-11b": ((24, 1024, 128, 128, 65536), 11_307_321_344),
}  # fmt: skip
T5_GATED = {
    "small": ((8, 512, 6, 64, 1024), 76_961_152), "base": ((12, 768, 12, 64, 2048), 247_577_856),
    "large": ((24, 1024, 16, 64, 2816), 783_150_080), "xl": ((24, 2048, 32, 64, 5120), 2_849_757_184),
    "xxl": ((24, 4096, 64, 64, 10240), 11_135_332_352),
}  # fmt: skip
#: Layers, width, feed-forward width, heads apart; pixels of a patch.
VIT = {
    "ViT_B16": ((12, 768, 3072, 16), 86_567_656), "ViT_B32": ((12, 768, 3072, 32), 88_224_232),
    "ViT_L16": ((24, 1024, 4096, 16), 304_326_632), "ViT_H14": ((32, 1280, 5120, 14), 632_045_800),
}  # fmt: skip
MAMBA = {
    "mamba-130m": (24, 768, 129_135_360), "mamba-370m": (48, 1024, 371_516_416), "mamba-790m": (48, 1536, 793_204_224),
    "mamba-1.4b": (48, 2048, 1_372_178_432), "mamba-2.8b": (64, 2560, 2_768_345_600),
}  # fmt: skip


def t5(shape: tuple[int, ...], **other: float) -> dict[str, int]:
    """The counts of a T5 over 512 tokens on each side."""
    layers, hidden, heads, head_width, ffn_width = shape
    values = {
        "layers": layers, "decoder_layers": layers, "hidden": hidden, "heads": heads, "head_width": head_width,
        "ffn_width": ffn_width, "ffn_matrices": 2, "vocabulary": 32128, "tied": 1, "buckets": 32, "source": 512, "target": 512,
    }  # fmt: skip
    return evaluate("encoder_decoder", {**values, **other})


def vit(shape: tuple[int, ...], **other: float) -> dict[str, int]:
    """The counts of a ViT on an image of 224 x 224 pixels in three colours."""
    layers, hidden, ffn_width, patch = shape
    values = {
        "layers": layers, "hidden": hidden, "ffn_width": ffn_width, "attention_bias": 1, "side": 224, "patch": patch,
        "channels": 3, "classes": 1000,
    }  # fmt: skip
    return evaluate("vision_transformer", {**values, **other})


def mamba(layers: int, hidden: int, **other: float) -> dict[str, int]:
    """The counts of a Mamba over 2048 tokens."""
    values = {
        "layers": layers, "hidden": hidden, "vocabulary": 50280, "tied": 1, "expand": 2, "state": 16, "taps": 4,
        "projection_bias": 0, "convolution_bias": 1, "sequence_length": 2048,
    }  # fmt: skip
    return evaluate("state_space", {**values, **other})


@pytest.mark.parametrize("model", T5)
def test_t5_has_the_published_parameters_and_the_work_of_the_registry(model: str) -> None:
    """The heads of the two largest are wider together than the model."""
    shape, total = T5[model]
    found = t5(shape)
    assert found["parameters"] == total
    assert found["multiply_accumulates"] == find("models", model).multiply_accumulates.number


@pytest.mark.parametrize("model", T5_GATED)
def test_t5_with_a_gate_and_an_untied_head_has_the_parameters_counted_by_hand(model: str) -> None:
    """Version 1.1; the totals were computed apart from these equations, from the sizes as recalled."""
    shape, total = T5_GATED[model]
    assert t5(shape, ffn_matrices=3, tied=0)["parameters"] == total


def test_t5_over_sequences_of_equal_length_meets_every_weight_once() -> None:
    """Weights times tokens, and pairs: position biases, embeddings and normalisations cost no multiply-accumulate."""
    layers, hidden, heads, width, ffn_width = T5["t5-base"][0]
    weights = layers * (12 * hidden * heads * width + 4 * hidden * ffn_width) + 32128 * hidden
    pairs = 6 * layers * heads * width * 512**2
    assert t5(T5["t5-base"][0])["multiply_accumulates"] == 512 * weights + pairs


def test_t5_crosses_from_target_to_source() -> None:
    """With one token to decode, every decoder layer still makes keys and values of all the encoder's tokens."""
    layers, hidden, heads, width, _ = T5["t5-small"][0]
    inner = heads * width
    one = t5(T5["t5-small"][0], target=1)["cross_macs"]
    assert one == layers * (2 * hidden * inner * 512 + 2 * hidden * inner + 2 * inner * 512)


@pytest.mark.parametrize("model", VIT)
def test_vit_has_the_published_parameters_and_work(model: str) -> None:
    """To the last parameter, and to the last digit of the work that the library prints.

    Both count convolutions, matrix products and the two products of attention, a multiply-accumulate as one; neither
    counts normalisations, biases, nonlinearities or the softmax. So they differ by rounding to a million alone.
    """
    shape, total = VIT[model]
    found = vit(shape)
    assert found["parameters"] == total
    assert found["multiply_accumulates"] == pytest.approx(find("models", model).multiply_accumulates.number, abs=0.5e6)


def test_vit_b_16_costs_what_is_published() -> None:
    """17.56 thousand million multiply-accumulates, of which attention between patches is one part in twenty-five."""
    found = vit(VIT["ViT_B16"][0])
    assert found["multiply_accumulates"] == 17_563_828_224
    assert found["attention_macs"] / found["multiply_accumulates"] == pytest.approx(0.0407, abs=1e-4)


def test_vit_on_a_larger_image_has_only_more_positions() -> None:
    """384 x 384 pixels: 577 tokens in place of 197."""
    small, large = (vit(VIT["ViT_B16"][0], side=side) for side in (224, 384))
    assert (small["tokens"], large["tokens"]) == (197, 577)
    assert large["parameters"] - small["parameters"] == (577 - 197) * 768


@pytest.mark.parametrize("model", MAMBA)
def test_mamba_has_the_published_parameters_and_the_work_of_the_registry(model: str) -> None:
    """About six squares of the width a layer."""
    layers, hidden, total = MAMBA[model]
    found = mamba(layers, hidden)
    assert found["parameters"] == total
    assert total == layers * (25 * hidden**2 / 4 + 111 * hidden) + 50280 * hidden + hidden
    assert found["multiply_accumulates"] == find("models", model).multiply_accumulates.number


def test_mamba_takes_a_rank_of_its_own() -> None:
    """A sixteenth of the width, rounded up, unless a configuration says otherwise."""
    assert mamba(24, 776)["rank"] == 49
    assert "rank" not in mamba(24, 768, rank=40)
    assert mamba(24, 768)["parameters"] - mamba(24, 768, rank=40)["parameters"] == 24 * 2 * 8 * 1536


def test_mamba_grows_with_the_length_and_no_faster() -> None:
    """A state of fixed size takes the place of attention."""
    short, long = (mamba(24, 768, sequence_length=length) for length in (2048, 4096))
    assert long["multiply_accumulates"] == 2 * short["multiply_accumulates"]
