"""All timings that give a bit rate."""

import can

found = list(can.BitTiming.iterate_from_sample_point(8_000_000, 250_000, 75.0))
print(len(found), sorted((one.brp, one.tseg1, one.tseg2, one.sjw) for one in found)[:6])
best = max(found, key=lambda one: one.nbt)
print(best.brp, best.nbt, best.sample_point)
print(can.BitTiming.from_sample_point(8_000_000, 250_000, 75.0) == best)
try:
    can.BitTiming.from_sample_point(8_000_000, 333_333, 75.0)
except ValueError:
    print("no such timing")
