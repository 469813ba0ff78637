"""Energy of a facility: what its computers take, and what cooling and conversion add."""

from mlsysim.symbolic.foundations.inputs import devices, duration, power_idle, power_max, pue
from mlsysim.symbolic.foundations.results import busy, goodput
from mlsysim.symbolic.quantity import ALL, Quantity
from mlsysim.symbolic.rules import define, equation, solve, substitute
from mlsysim.symbolic.walls.operations.sustainability import power as fleet
from mlsysim.symbolic.walls.operations.sustainability.power import it_energy

energy = Quantity("macro.energy", r"E_{\mathrm{fac}}", "J", "energy of the facility", display="kWh", low=1)

effectiveness = define(
    equation(pue, energy / it_energy),
    because="PUE is what the facility takes for each unit of energy of its computers",
    cite="iso30134",
)
overhead = solve(
    effectiveness,
    energy,
    equation(energy, it_energy * pue),
    because="cooling and conversion come on top of the computers",
    cite="iso30134",
    when=ALL,
)
law = substitute(
    overhead,
    fleet.energy_of_computers,
    fleet.drawn,
    result=equation(energy, devices * (power_idle + (power_max - power_idle) * busy * goodput) * duration * pue),
    because="name the energy of the computers",
)
