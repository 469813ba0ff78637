"""Power of a fleet: an accelerator draws its maximum while it computes and its idle power while it waits."""

from mlsysim.symbolic.foundations import in_turn, rates, shares
from mlsysim.symbolic.foundations.inputs import devices, duration, power_idle, power_max
from mlsysim.symbolic.foundations.results import busy, goodput
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_TRAINING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, equation, rewrite, specialise, substitute, total

power = Quantity("macro.power", "W", "W", "mean IT power of the fleet", display="kW", low=1)
it_energy = Quantity("macro.it_energy", r"E_{\mathrm{IT}}", "J", "energy of the computers", display="kWh", low=1)
computing = ratio("sustainability.computing", r"x_c", "share of the time in which an accelerator computes", low=0)
working = time("sustainability.working", r"D_c", "time in which an accelerator computes", display="h")
working_energy = Quantity("sustainability.working_energy", r"E_c", "J", "energy of an accelerator while it computes")
waiting_energy = Quantity("sustainability.waiting_energy", r"E_w", "J", "energy of an accelerator while it waits")
unit_energy = Quantity("sustainability.unit_energy", r"E_1", "J", "energy of an accelerator")
unit_power = Quantity("sustainability.unit_power", r"W_1", "W", "mean power of an accelerator")

# One accelerator, by the share of the time in which it computes.
working_part = apply(
    shares.reached_law,
    {shares.reached: working, shares.efficiency: computing, shares.capability: duration},
    because="it computes for a share of the time",
)
while_working = apply(
    rates.amount_law,
    {rates.amount: working_energy, rates.rate: power_max, rates.duration: working},
    because="it draws its maximum while it computes",
    cite="barroso2018",
)
while_waiting = apply(
    rates.amount_law,
    {rates.amount: waiting_energy, rates.rate: power_idle, rates.duration: duration - working},
    because="and its idle power for the rest of the time",
    cite="barroso2018",
)
both_states = total(
    while_working,
    while_waiting,
    result=equation(unit_energy, working_energy + waiting_energy),
    because="it computes or waits",
)
mean_over_time = apply(
    rates.per_time,
    {rates.rate: unit_power, rates.amount: unit_energy, rates.duration: duration},
    because="mean power is energy for each unit of time",
)
mean_named = substitute(
    mean_over_time,
    both_states,
    while_working,
    while_waiting,
    working_part,
    result=equation(
        unit_power, (power_max * computing * duration + power_idle * (duration - computing * duration)) / duration
    ),
    because="name both energies and the time of computing",
)
by_use = rewrite(
    mean_named,
    equation(unit_power, power_idle + (power_max - power_idle) * computing),
    because="idle power always, and what lies above it for the share that computes",
    cite="barroso2018",
)

# The fleet.
used_share = apply(
    shares.reached_law,
    {shares.reached: computing, shares.efficiency: busy, shares.capability: goodput},
    because="accelerators compute for a share of the time that is not lost",
)
all_draw = apply(
    in_turn.law,
    {in_turn.whole: power, in_turn.parts: devices, in_turn.part: unit_power},
    because="the powers of the accelerators add up",
)
drawn = substitute(
    all_draw,
    by_use,
    used_share,
    result=equation(power, devices * (power_idle + (power_max - power_idle) * busy * goodput)),
    because="name the power of one and its share of computing",
    cite="barroso2018",
    when=ALL,
)
idle_floor = specialise(
    drawn, {busy: 0}, equation(power, devices * power_idle), because="a fleet that computes nothing still draws power"
)
full_load = specialise(
    drawn,
    {busy: 1, goodput: 1},
    equation(power, devices * power_max),
    because="a fleet that always computes draws its maximum",
)
energy_of_computers = apply(
    rates.amount_law,
    {rates.amount: it_energy, rates.rate: power, rates.duration: duration},
    because="energy is power over time",
    cite="barroso2018",
    when=ALL - TRANSFORMER_TRAINING,
)
