"""Learned positions: a model reads no token that has none."""

from __future__ import annotations

from typing import Any

import pytest

import mlsysim
from tests.conftest import plan


def placed(name: str, **workload: Any) -> bool:
    """Whether every token has a position."""
    found = mlsysim.evaluate(plan(workload={"name": name, "batch_size": 1, **workload}, hardware={"name": "H200"}))
    return not any("position" in failure.sentence for failure in found.failures)


@pytest.mark.parametrize(("name", "positions"), [("GPT2_Small", 1024), ("BERT_Base", 512)])
def test_a_model_trains_up_to_its_positions(name: str, positions: int) -> None:
    """Radford et al. 2019 and Devlin et al. 2019: 1,024 and 512."""
    assert placed(name, sequence_length=positions, phase="training")
    assert not placed(name, sequence_length=positions + 1, phase="training")


@pytest.mark.parametrize(("prompt", "answer"), [(1000, 25), (1, 1024), (1024, 1)])
def test_the_last_token_of_an_answer_is_not_read(prompt: int, answer: int) -> None:
    """Prompt and answer of GPT-2 may have one token more than it has positions."""
    assert placed("GPT2_Small", sequence_length=prompt, output_tokens=answer)
    assert not placed("GPT2_Small", sequence_length=prompt, output_tokens=answer + 1)


def test_an_encoder_reads_its_whole_text_at_once() -> None:
    """BERT has 512 positions."""
    assert placed("BERT_Base", sequence_length=512)
    assert not placed("BERT_Base", sequence_length=513)
