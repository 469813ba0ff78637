"""Water of a fleet: cooling evaporates it on site, and the grid where it makes the electricity."""

from mlsysim.symbolic.foundations.inputs import duration, pue, water_intensity, wue
from mlsysim.symbolic.quantity import ALL, Quantity
from mlsysim.symbolic.rules import define, equation, rewrite, solve, substitute, total
from mlsysim.symbolic.walls.operations.sustainability import facility
from mlsysim.symbolic.walls.operations.sustainability import power as fleet
from mlsysim.symbolic.walls.operations.sustainability.facility import energy
from mlsysim.symbolic.walls.operations.sustainability.power import it_energy, power

water = Quantity("macro.water", r"V_{\mathrm{H_2O}}", "L", "water used on site and by the grid", low=0)
on_site = Quantity("sustainability.on_site", r"V_{\mathrm{site}}", "L", "water that cooling takes on site", low=0)
off_site = Quantity("sustainability.off_site", r"V_{\mathrm{grid}}", "L", "water that the grid takes", low=0)

effectiveness = define(
    equation(wue, on_site / it_energy), because="WUE is water on site for each unit of IT energy", cite="li2023thirsty"
)
cooling = solve(
    effectiveness, on_site, equation(on_site, it_energy * wue), because="cooling drinks for the energy of the computers"
)
grid_factor = define(
    equation(water_intensity, off_site / energy),
    because="the water factor of a grid counts for each unit of electricity it delivers",
    cite="li2023thirsty",
)
generating = solve(
    grid_factor, off_site, equation(off_site, energy * water_intensity), because="the grid drinks for the facility"
)
both_places = total(
    cooling, generating, result=equation(water, on_site + off_site), because="on site and at the power plants"
)
drunk = substitute(
    both_places,
    cooling,
    generating,
    result=equation(water, it_energy * wue + energy * water_intensity),
    because="name both",
    cite="li2023thirsty",
    when=ALL,
)
water_law = substitute(
    drunk,
    facility.overhead,
    result=equation(water, it_energy * wue + it_energy * pue * water_intensity),
    because="name the energy of the facility",
)
by_computer = rewrite(
    water_law, equation(water, it_energy * (wue + pue * water_intensity)), because="both are per IT energy"
)
water_of_fleet = substitute(
    by_computer,
    fleet.energy_of_computers,
    result=equation(water, power * duration * (wue + pue * water_intensity)),
    because="name the energy of the computers",
    cite="li2023thirsty",
)
