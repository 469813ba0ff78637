"""Facts against each other and against physics; every value has a source."""

from __future__ import annotations

import json

import pytest

from mlsysim.registry import build, entries, find
from mlsysim.registry.entry import Entry
from mlsysim.registry.index import CATEGORIES, INDEX
from mlsysim.symbolic.errors import InputError, UnknownNameError

ALL = [entry for category in CATEGORIES for entry in entries(category).values()]
HARDWARE = list(entries("hardware").values())


def test_the_index_is_made_from_the_yaml() -> None:
    """A stale index fails here, and so does a stale bibliography."""
    made = build.build()
    assert json.loads(INDEX.read_text(encoding="utf-8")) == json.loads(json.dumps(made))
    assert build.BIBLIOGRAPHY.read_text(encoding="utf-8") == build.bibliography(made["sources"])


@pytest.mark.parametrize("entry", ALL, ids=lambda e: f"{e.category}-{e.name}")
def test_every_value_has_a_source_and_says_how_far_it_is_verified(entry: Entry) -> None:
    """No number stands alone."""
    assert entry.facts
    for value in entry.facts.values():
        assert value.source.title
        assert value.source.year > 1900
        assert value.how


def test_there_is_what_the_scope_asks_for() -> None:
    """Ten accelerators, ten models, six grids, three fabrics."""
    for category, least in (("hardware", 10), ("models", 10), ("grids", 6), ("fabrics", 3)):
        assert len(entries(category)) >= least


@pytest.mark.parametrize("entry", HARDWARE, ids=lambda e: e.name)
def test_hardware_is_physically_possible(entry: Entry) -> None:
    """Narrower formats are not slower, sparse peaks are kept apart from dense, and every accelerator has a node."""
    peaks = {name.rpartition(".")[2]: v.number for name, v in entry.numbers() if name.startswith("compute.peak.")}
    for wide, narrow in (("fp32", "bf16"), ("bf16", "fp8"), ("bf16", "int8"), ("fp8", "fp4")):
        if wide in peaks and narrow in peaks:
            assert peaks[wide] <= peaks[narrow]
    for name, value in entry.numbers():
        if name.startswith("compute.peak_sparse."):
            assert value.number == pytest.approx(2 * peaks[name.rpartition(".")[2]])
    assert [n.name for n in entries("nodes").values() if n.links["accelerator"] == entry.id]


def test_peaks_follow_from_clocks_and_units() -> None:
    """H100: 132 SMs of 4 tensor cores, 512 multiply-adds a clock each, 1.83 GHz; A100: 108, 4, 256, 1.41 GHz."""
    assert find("hardware", "H100").compute.peak.bf16.number == pytest.approx(132 * 4 * 512 * 2 * 1.83e9, rel=1e-3)
    assert find("hardware", "A100").compute.peak.bf16.number == pytest.approx(108 * 4 * 256 * 2 * 1.41e9, rel=1e-3)
    stm32 = find("hardware", "STM32H743")
    assert stm32.compute.peak.int8.number == stm32.compute.clock.number * 4


def test_memory_bandwidth_follows_from_pins() -> None:
    """H100 SXM: five HBM3 stacks of 1,024 pins at 5.2 Gb/s; A100 80GB: five at 3.186 Gb/s; T4: 256 pins at 10 Gb/s."""
    for name, pins, rate in (("H100", 5 * 1024, 5.2e9), ("A100", 5 * 1024, 3.186e9), ("T4", 256, 10e9)):
        assert find("hardware", name).memory.bandwidth.number == pytest.approx(pins * rate / 8, rel=0.01)


def test_links_are_one_way() -> None:
    """NVLink 4: 18 links of 25 GB/s each way, where NVIDIA prints both ways together as 900 GB/s."""
    assert find("fabrics", "NVLink4").bandwidth.number == 18 * 25e9
    assert find("fabrics", "InfiniBand_NDR").bandwidth.number == 400e9 / 8


@pytest.mark.parametrize(
    ("category", "name", "found"),
    [
        ("hardware", "nvidia-h100-sxm5-80gb", "H100"), ("hardware", "h100 sxm5 80gb", "H100"), ("models", "llama3_70b", "Llama3_70B"),
        ("grids", "Québec", "Quebec"), ("models", "meta-llama/Meta-Llama-3-8B", "Llama3_8B"), ("grids", "CA-QC", "Quebec"),
    ],
)  # fmt: skip
def test_names_and_aliases_are_found(category: str, name: str, found: str) -> None:
    """Case and punctuation do not matter."""
    assert find(category, name).name == found


def test_a_misspelt_name_is_met_with_suggestions() -> None:
    """Near names are offered."""
    with pytest.raises(UnknownNameError, match="did you mean 'Llama3_70B'"):
        find("models", "Lama3_70B")
    with pytest.raises(UnknownNameError, match="see `mlsysim zoo grids`"):
        find("grids", "Atlantis")


def test_entries_cannot_be_changed() -> None:
    """Facts are not variables."""
    with pytest.raises(AttributeError, match="cannot be changed"):
        find("hardware", "H100").name = "H200"


def test_a_value_knows_its_quantity_and_source() -> None:
    """``Hardware.Cloud.H100.memory.bandwidth`` is a quantity with provenance."""
    value = find("hardware", "H100").memory.bandwidth
    assert value.quantity.to("TB/s").magnitude == pytest.approx(3.35)
    assert value.source.author == "NVIDIA Corporation"
    assert "bandwidth" in dir(find("hardware", "H100").memory)
    with pytest.raises(AttributeError, match="it has bandwidth, capacity, technology"):
        _ = find("hardware", "H100").memory.bandwith


BROKEN = {
    "no source": ("id: x\nname: X\ntitle: X\nfacts:\n  a: {value: 1, kind: paper, verified: true, how: read}\n", "facts.a.source"),
    "unknown source": ("id: x\nname: X\ntitle: X\nfacts:\n  a: {value: 1, source: nowhere, kind: paper, verified: true, how: read}\n",
                       "no source 'nowhere'"),
    "unknown unit": ("id: x\nname: X\ntitle: X\nfacts:\n  a: {value: 1 fu, source: definition, kind: paper, verified: true, how: read}\n",
                     "unknown unit 'fu'"),
    "negative": ("id: x\nname: X\ntitle: X\nfacts:\n  a: {value: -1 GB, source: definition, kind: paper, verified: true, how: read}\n",
                 "not a finite number of at least zero"),
    "nan": ("id: x\nname: X\ntitle: X\nfacts:\n  a: {value: nan GB, source: definition, kind: paper, verified: true, how: read}\n",
            "not a finite number"),
    "unknown key": ("id: x\nname: X\ntitle: X\ncolour: red\nfacts: {}\n", "colour"),
    "taken name": ("id: x\nname: H100\ntitle: X\nfacts: {}\n", "is taken by"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_entry_is_refused_with_its_place(case: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build says which file and what is wrong with it."""
    import shutil
    from pathlib import Path

    from mlsysim.registry import index

    folder = Path(str(tmp_path)) / "registry"
    shutil.copytree(index.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text, message = BROKEN[case]
    (folder / "hardware" / "x.yaml").write_text(text)
    monkeypatch.setattr(index, "FOLDER", folder)
    monkeypatch.setattr(build, "FOLDER", folder)
    with pytest.raises(InputError) as caught:
        build.build()
    assert message in str(caught.value)
    assert "hardware/x.yaml" in str(caught.value) or case == "unknown unit"
