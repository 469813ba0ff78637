"""Owning a fleet: what was bought, spread evenly over its life, and what running it costs."""

from mlsysim.symbolic.foundations.inputs import devices, duration, electricity_price, lifetime, power_max, pue
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.rules import define, equation, given, substitute, total
from mlsysim.symbolic.walls.operations.capital import bill
from mlsysim.symbolic.walls.operations.capital.bill import energy_cost, tax
from mlsysim.symbolic.walls.operations.sustainability import facility
from mlsysim.symbolic.walls.operations.sustainability import power as fleet
from mlsysim.symbolic.walls.operations.sustainability.power import power

accelerator_price = Quantity(
    "capital.accelerator", r"K_{\mathrm{acc}}", "USD", "purchase price of an accelerator", low=100, high=1e5
)
server_price = Quantity(
    "capital.server", r"K_{\mathrm{srv}}", "USD", "an accelerator's share of a server", low=10, high=1e5
)
network_price = Quantity(
    "capital.network", r"K_{\mathrm{nic}}", "USD", "an accelerator's share of the network", low=10, high=1e5
)
unit_price = Quantity(
    "capital.unit", r"K_{1}", "USD", "purchase price of all that an accelerator needs", low=100, high=1e6
)
facility_price = Quantity(
    "capital.facility", r"\pi_{\mathrm{fac}}", "USD/W", "price of building a facility per power", low=1, high=20
)
facility_life = Quantity(
    "capital.facility_life", r"Y_{\mathrm{fac}}", "s", "life of a facility", display="year", low=1e8, high=1e9
)
upkeep_rate = Quantity(
    "capital.upkeep_rate",
    r"\beta",
    "1/s",
    "maintenance in a time, per purchase price",
    display="1/year",
    low=1e-10,
    high=1e-8,
)
standing = Quantity(
    "capital.standing",
    r"\pi_{0}",
    "USD/s",
    "cost of owning an accelerator per time, electricity apart",
    display="USD/h",
    low=1e-6,
    high=1e-1,
)
hardware_cost = Quantity("capital.hardware", r"K_{\mathrm{hw}}", "USD", "hardware used up in the time held", low=1)
facility_cost = Quantity("capital.building", r"K_{\mathrm{fac}}", "USD", "facility used up in the time held", low=1)
upkeep_cost = Quantity("capital.upkeep", r"K_{\mathrm{mnt}}", "USD", "maintenance in the time held", low=1)
owned = Quantity("capital.owned", r"K_{\mathrm{own}}", "USD", "cost of owning the fleet for the time held", low=1)
owned_taxed = Quantity(
    "capital.owned_taxed", r"K_{\mathrm{own,C}}", "USD", "cost of owning with the price of emissions", low=1
)

per_accelerator = given(
    equation(unit_price, accelerator_price + server_price + network_price),
    because="an accelerator is bought with its share of a server and of the network",
    cite="barroso2018",
)
hardware_law = given(
    equation(hardware_cost, devices * unit_price * duration / lifetime),
    because="its price is spread evenly over its life",
    cite="barroso2018",
)
facility_law = given(
    equation(facility_cost, devices * power_max * facility_price * duration / facility_life),
    because="a facility is built for the most power it may have to feed, and lives longer",
    cite="barroso2018",
)
electricity_law = substitute(
    bill.electricity,
    facility.overhead,
    fleet.energy_of_computers,
    result=equation(energy_cost, power * duration * pue * electricity_price),
    because="name the energy of the facility",
)
upkeep_law = given(
    equation(upkeep_cost, devices * unit_price * upkeep_rate * duration),
    because="maintenance grows with what there is to maintain",
    cite="barroso2018",
)
owning = total(
    hardware_law,
    facility_law,
    electricity_law,
    upkeep_law,
    result=equation(owned, hardware_cost + facility_cost + energy_cost + upkeep_cost),
    because="capital is used up and operation is paid",
    cite="barroso2018",
)
owned_law = substitute(
    owning,
    hardware_law,
    facility_law,
    electricity_law,
    upkeep_law,
    result=equation(
        owned,
        (
            devices * (unit_price / lifetime + power_max * facility_price / facility_life + unit_price * upkeep_rate)
            + power * pue * electricity_price
        )
        * duration,
    ),
    because="every part grows with the time held",
)
owned_with_tax = total(
    owned_law,
    bill.taxed,
    result=equation(owned_taxed, owned + tax),
    because="emissions cost the owner as they cost the renter",
)
standing_law = define(
    equation(standing, unit_price / lifetime + power_max * facility_price / facility_life + unit_price * upkeep_rate),
    because="what is paid whether it works or not",
)
