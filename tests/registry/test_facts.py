"""Facts against each other and against physics; every value has a source."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from mlsysim.registry import CATEGORIES, build, entries, find, index
from mlsysim.registry.bibliography import bibliography
from mlsysim.registry.categories import LINKS
from mlsysim.registry.entry import Entry, Value
from mlsysim.registry.index import INDEX
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.symbolic.errors import InputError, UnknownNameError

ALL = [entry for category in CATEGORIES for entry in entries(category).values()]
HARDWARE = list(entries("hardware").values())
NAMED = pytest.mark.parametrize("entry", HARDWARE, ids=lambda e: e.name)

#: What the registry holds at least.
LEAST = {
    "hardware": 60, "models": 80, "grids": 45, "facilities": 9, "fabrics": 25, "nodes": 25, "fleets": 10, "storage": 10,
    "datasets": 15, "prices": 17, "scenarios": 6,
}  # fmt: skip


def test_the_index_is_made_from_the_yaml() -> None:
    """A stale index fails here, and so does a stale bibliography."""
    made = build.build()
    for part, content in json.loads(json.dumps(made)).items():
        assert json.loads((INDEX / f"{part}.json").read_text(encoding="utf-8")) == {
            "checksum": index.checksum(part),
            "content": content,
        }
    assert build.BIBLIOGRAPHY.read_text(encoding="utf-8") == bibliography(made[index.SOURCES])


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_value_has_a_source_and_says_how_far_it_is_verified(category: str) -> None:
    """No number stands alone, and a value that was not read at its source says why."""
    for entry in entries(category).values():
        assert entry.facts or entry.plan
        for name, value in entry.facts.items():
            assert value.source.title, (entry, name)
            assert value.source.author, (entry, name)
            assert 1700 < value.source.year <= date.today().year, (entry, name)
            assert value.how, (entry, name)


def test_every_source_is_cited_somewhere() -> None:
    """No publication stands in the bibliography for nothing."""
    cited = {value.source.key for entry in ALL for value in entry.facts.values()}
    cited |= {source for entry in ALL for value in entry.facts.values() for _, source, _ in value.alternatives}
    written = "".join(p.read_text(encoding="utf-8") for p in Path(index.FOLDER.parent / "symbolic").rglob("*.py"))
    written += (index.FOLDER.parent / "papers" / "examples.yaml").read_text(encoding="utf-8")
    cited |= {key for keys in re.findall(r'cite[=:] ?"?([a-z0-9,]+)', written) for key in keys.split(",")}
    stated = index.standard().sources
    assert set(stated) - cited == set()


def test_there_is_what_the_scope_asks_for() -> None:
    """From microcontrollers to fleets of 100,000 accelerators."""
    for category, least in LEAST.items():
        assert len(entries(category)) >= least, category
    kinds = {entry.kind for entry in HARDWARE}
    assert kinds >= {"gpu", "tpu", "asic", "wafer", "edge", "mobile", "cpu", "mcu"}
    assert {e.family for e in entries("models").values()} >= {
        "Language", "Vision", "Generative", "Encoder", "Speech", "StateSpace", "Recommendation", "Tiny",
    }  # fmt: skip
    sizes = [entry.facts["accelerators"].number or 0 for entry in entries("fleets").values()]
    assert min(sizes) <= 8
    assert max(sizes) >= 100_000


def peaks(entry: Entry, kind: str = "peak") -> dict[str, Value]:
    """The published peaks of an entry by format."""
    return {n.rpartition(".")[2]: v for n, v in entry.numbers() if n.startswith(f"compute.{kind}.")}


@NAMED
def test_narrower_formats_are_not_slower(entry: Entry) -> None:
    """Half the bits take at most the time, where the units compute in both; integers and Rubin's are units of their own."""
    found = {format: value.number or 0 for format, value in peaks(entry).items()}
    for wide, narrow in (
        ("fp64", "fp32"),
        ("fp32", "bf16"),
        ("fp32", "fp16"),
        ("tf32", "bf16"),
        ("bf16", "fp8"),
        ("fp8", "fp4"),
    ):
        if wide in found and narrow in found:
            assert found[wide] <= found[narrow] * 1.001, (wide, narrow)


#: Sparse peaks that are not twice the dense: the makers advertise them at another clock than the one they publish.
ADVERTISED = {"RTX_PRO_6000_Blackwell", "GB10"}


@NAMED
def test_sparse_peaks_follow_the_pattern(entry: Entry) -> None:
    """Two of every four weights skipped doubles a rate; AWS computes four of sixteen, which is four times as fast at best."""
    most = 4 if "Amazon" in entry.vendor else 2
    dense = peaks(entry)
    for format, value in peaks(entry, "peak_sparse").items():
        if format in dense and entry.name not in ADVERTISED:
            assert (dense[format].number or 0) < (value.number or 0) <= 1.013 * most * (dense[format].number or 0), (
                format
            )


@NAMED
def test_peaks_follow_from_clocks_and_units(entry: Entry) -> None:
    """Units times operations per clock times clock, within what printing to three digits allows."""
    if not {"compute.clock", "compute.units"} <= set(entry.facts):
        pytest.skip("clock or units are not published")
    clock, units = entry.facts["compute.clock"].number, entry.facts["compute.units"].number
    assert clock
    assert units
    dense = peaks(entry)
    for format, rate in peaks(entry, "operations_per_clock").items():
        if format in dense and dense[format].kind != "derived":  # a derived peak was computed this way
            assert clock * units * (rate.number or 0) == pytest.approx(dense[format].number, rel=0.0068), format


@NAMED
def test_memory_bandwidth_follows_from_pins(entry: Entry) -> None:
    """Width of the interface times the rate of a pin; what makers round is within 1 %."""
    if not {"memory.bus_width", "memory.pin_rate"} <= set(entry.facts):
        pytest.skip("width or rate are not published")
    width, rate = entry.facts["memory.bus_width"].number, entry.facts["memory.pin_rate"].number
    assert width
    assert rate
    assert width * rate * 8 == pytest.approx(entry.facts["memory.bandwidth"].number, rel=0.01)


@NAMED
def test_hardware_is_physically_possible(entry: Entry) -> None:
    """Rates, ridges and years within what anything built has reached; no part is larger than the whole."""
    facts = {name: value.number for name, value in entry.numbers()}
    best = max((value.number or 0 for value in peaks(entry).values()), default=0)
    assert best <= 1e18
    if best and "power.maximum" in facts:
        assert best / (facts["power.maximum"] or 1) < 5e13, "operations a joule"
    if "memory.bandwidth" in facts and best:
        assert 0.1 < best / (facts["memory.bandwidth"] or 1) < 10_000, "ridge, operations a byte"
    # Makers of accelerators print GB where they count in powers of two.
    assert (facts.get("memory.usable") or 0) <= 1.024**3 * (facts.get("memory.capacity") or float("inf"))
    assert 2000 <= (facts.get("launch_year") or 2020) <= date.today().year + 2
    one, both = facts.get("interconnect.bandwidth"), facts.get("interconnect.bandwidth_both_ways")
    assert not (one and both) or both == pytest.approx(2 * one)
    assert all(format in FORMATS for format in peaks(entry))


@pytest.mark.parametrize("entry", list(entries("fabrics").values()), ids=lambda e: e.name)
def test_links_are_one_way(entry: Entry) -> None:
    """Both ways added are twice one way."""
    one, both = entry.facts["bandwidth"].number, entry.facts.get("bandwidth_both_ways")
    if both is not None and both.number and one:
        assert both.number == pytest.approx(2 * one)


def test_links_of_known_fabrics() -> None:
    """NVLink 4: 18 links of 25 GB/s each way; NDR: 400 Gb/s; PCIe 4: sixteen lanes of 16 GT/s, 128 of 130 bits data."""
    assert find("fabrics", "NVLink4").bandwidth.number == 18 * 25e9
    assert find("fabrics", "InfiniBand_NDR").bandwidth.number == 400e9 / 8
    assert find("fabrics", "PCIe4_x16").bandwidth.number == pytest.approx(16 * 16e9 / 8 * 128 / 130, rel=2e-3)


#: Nodes that hold their accelerators below what they could take: JUPITER limits a superchip to 680 W.
LIMITED = {"JUPITER_Node"}


@pytest.mark.parametrize("entry", list(entries("nodes").values()), ids=lambda e: e.name)
def test_a_node_holds_what_it_powers(entry: Entry) -> None:
    """Its accelerators alone do not take more than the whole node, and it links to entries that exist."""
    accelerator = find("hardware", entry.links["accelerator"])
    for role, category in LINKS["nodes"].items():
        if role in entry.links:
            assert find(category, entry.links[role]).id == entry.links[role]
    whole, each = entry.facts["power.maximum"].number, accelerator.facts["power.maximum"].number
    if whole and each and entry.name not in LIMITED:
        assert (entry.facts["accelerators"].number or 0) * each <= whole * 1.12
    assert (entry.facts["reach"].number or 0) >= (entry.facts["accelerators"].number or 0)


@pytest.mark.parametrize("entry", list(entries("fleets").values()), ids=lambda e: e.name)
def test_a_fleet_is_made_of_its_nodes(entry: Entry) -> None:
    """Nodes times accelerators of a node are its accelerators."""
    nodes, total = entry.facts["nodes"].number, entry.facts["accelerators"].number
    if "node" in entry.links and nodes and total:
        per_node = find("nodes", entry.links["node"]).facts["accelerators"].number or 0
        assert nodes * per_node == pytest.approx(total, rel=0.01)


@pytest.mark.parametrize("entry", list(entries("grids").values()), ids=lambda e: e.name)
def test_a_grid_says_what_its_emissions_count(entry: Entry) -> None:
    """Scope, method and year, since one place differs fifteenfold between them; values between hydropower and lignite."""
    value = entry.facts["carbon_intensity"]
    assert value.scope
    assert value.method
    assert value.year
    assert entry.licence
    grams = (value.number or 0) * 3.6e6
    assert 0 <= grams < 1300


def test_share_alike_data_stands_in_its_own_file() -> None:
    """Values of Electricity Maps are under the Open Database Licence and stay apart, also as alternatives."""
    for path in index.yaml_files():
        text = path.read_text(encoding="utf-8")
        if path.name not in ("grids_electricity_maps.yaml", "sources.yaml"):
            assert "electricity-maps" not in text.casefold().replace("_", "-").replace("grids-electricity-maps", ""), (
                path
            )
    apart = [e for e in entries("grids").values() if e.licence.startswith("ODbL")]
    assert apart
    assert all(e.facts["carbon_intensity"].source.author == "Electricity Maps" for e in apart)


def test_facilities_are_no_grids() -> None:
    """PUE and WUE belong to buildings, carbon to grids."""
    for facility in entries("facilities").values():
        assert set(facility.facts) <= {"pue", "wue"}
        assert (facility.facts["pue"].number or 1) >= 1
    for grid in entries("grids").values():
        assert not {"pue", "wue"} & set(grid.facts)


def test_prices_say_when_they_were_read() -> None:
    """A price of the cloud without a date is no fact."""
    for entry in entries("prices").values():
        for name, value in entry.facts.items():
            assert name != "per_accelerator" or re.fullmatch(r"20\d\d-\d\d-\d\d", value.accessed), entry


def test_no_entity_stands_twice() -> None:
    """Titles differ within a category and a kind, so nobody meets two of the same."""
    for category in CATEGORIES:
        titles = [(e.title.casefold(), e.kind) for e in entries(category).values()]
        assert len(set(titles)) >= len(titles) - (category == "prices") * 2


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
    assert value.to("GB/s").magnitude == pytest.approx(3350)
    assert (value / find("hardware", "A100").memory.bandwidth).to("1").magnitude == pytest.approx(3350 / 2039)
    assert (2 * value).to("TB/s").magnitude == pytest.approx(6.7)
    assert value.source.author == "NVIDIA Corporation"
    assert "bandwidth" in dir(find("hardware", "H100").memory)
    with pytest.raises(AttributeError, match="did you mean 'bandwidth'"):
        _ = find("hardware", "H100").memory.bandwith
    with pytest.raises(TypeError, match="is not a number"):
        _ = find("hardware", "H100").memory.technology.quantity


def test_names_that_differ_in_a_dash_are_two_places() -> None:
    """AWS's us-east-1 is in Virginia, Google's us-east1 in South Carolina; without a dash it is neither."""
    assert find("grids", "us-east-1").name != find("grids", "us-east1").name
    with pytest.raises(UnknownNameError):
        find("grids", "useast1")


X = "id: x\nname: X\ntitle: X\n"
FROM = "from: {source: definition, kind: paper, verified: true, how: read}\n"
#: A file below optimizers_x.yaml, which state nothing that is required; what is said of it; and its line and column.
BROKEN = {
    "no source": (X + "facts:\n  state_bytes: 1 byte/param\n", "state_bytes has no source", "5:3"),
    "unknown source": (X + "from: {source: definitoin}\nfacts:\n  state_bytes: 1 byte/param\n", "did you mean 'definition'", "6:3"),
    "unknown unit": (X + FROM + "facts:\n  state_bytes: 1 fu\n", "unknown unit 'fu'", "6:16"),
    "wrong unit": (X + FROM + "facts:\n  state_bytes: 1 GB/s\n", "'1 GB/s' is a bandwidth", "6:16"),
    "no unit": (X + FROM + "facts:\n  state_bytes: 1\n", "has no unit", "6:16"),
    "no number": (X + FROM + "facts:\n  state_bytes: many bytes\n", "is not a number with a unit", "6:16"),
    "negative": (X + FROM + "facts:\n  state_bytes: -1 byte/param\n", "is below 0", "6:16"),
    "nan": (X + FROM + "facts:\n  state_bytes: nan byte/param\n", "is not a number with a unit", "6:16"),
    "unknown fact": (X + FROM + "facts:\n  state_byte: 1 byte/param\n", "did you mean 'state_bytes'", "6:3"),
    "unknown key": (X + "colour: red\nfacts: {}\n", "colour: unknown key", "4:1"),
    "unknown key of a value": (X + FROM + "facts:\n  state_bytes: {value: 1 byte/param, sourse: x}\n", "did you mean 'source'", "6:38"),
    "missing name": ("id: x\ntitle: X\nfacts: {}\n", "name: missing", "1:1"),
    "bad name": ("id: x\nname: 7up\ntitle: X\nfacts: {}\n", "name: '7up'", "2:7"),
    "taken name": ("id: y\nname: adam\ntitle: X\n" + FROM + "facts: {}\n", "'adam' is taken by", "1:1"),
    "unknown role": (X + FROM + "links: {accelerator: x}\nfacts: {}\n", "links.accelerator: unknown role", "5:22"),
    "not a mapping": ("- just words\n", "an entry is a mapping", "1:3"),
    "duplicate key": (X + "title: Y\n", "duplicate key 'title'", "4:1"),
    "a plan": (X + FROM + "facts: {}\nplan: {version: x}\n", "a scenario has a plan", "1:1"),
    "an alias of itself": ("- &a [*a]\n", "refers to itself", "1:3"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the registry's YAML that a test may break."""
    copy = tmp_path / "registry"
    shutil.copytree(index.FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "models", "index"))
    monkeypatch.setattr(index, "FOLDER", copy)
    monkeypatch.setattr(build, "FOLDER", copy)
    return copy


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_entry_is_refused_with_its_place(case: str, folder: Path) -> None:
    """The build says which file, line and column, what is wrong, and how to cure it."""
    text, message, place = BROKEN[case]
    (folder / "optimizers_x.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        build.build()
    assert message in str(caught.value)
    assert f"optimizers_x.yaml:{place}: error" in str(caught.value)


def test_an_entry_that_leaves_out_what_must_be_said_is_refused(folder: Path) -> None:
    """An accelerator states its memory, or that nobody publishes it."""
    (folder / "hardware_x.yaml").write_text(X + FROM + "facts: {compute.peak.bf16: 1 TFLOP/s}\n")
    with pytest.raises(InputError, match=r"memory.capacity is missing[\s\S]*memory.capacity: not published"):
        build.build()


def test_a_price_without_a_date_is_refused(folder: Path) -> None:
    """Prices change."""
    (folder / "prices_x.yaml").write_text(X + FROM + "facts: {per_accelerator: 3 USD/h}\n")
    with pytest.raises(InputError, match="per_accelerator changes with time"):
        build.build()


def test_everything_wrong_is_said_at_once(folder: Path) -> None:
    """Three mistakes, three messages."""
    facts = "facts: {state_bytes: 1 GB, gradient_bytes: 2 W, colour: red}\n"
    (folder / "optimizers_x.yaml").write_text(X + FROM + facts)
    with pytest.raises(InputError) as caught:
        build.build()
    assert str(caught.value).count(": error: ") == 3
