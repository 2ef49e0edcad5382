"""What a classic bit is made of."""

import can

timing = can.BitTiming(f_clock=8_000_000, brp=1, tseg1=13, tseg2=2, sjw=1)
print(timing.bitrate, timing.nbt, timing.sample_point, timing.nof_samples)
print(hex(timing.btr0), hex(timing.btr1))
print(can.BitTiming.from_registers(8_000_000, 0x00, 0x1C) == timing)
for bitrate in (1_000_000, 500_000, 125_000, 50_000):
    found = can.BitTiming.from_sample_point(16_000_000, bitrate, sample_point=80.0)
    print(bitrate, found.brp, found.tseg1, found.tseg2, found.sjw, found.sample_point)
print(can.BitTiming.from_bitrate_and_segments(8_000_000, 500_000, 5, 2, 1).brp)
print(dict(timing) == {**timing}, timing["tseg1"], len(timing), sorted(timing))
print(timing.recreate_with_f_clock(16_000_000).brp)
print(timing.oscillator_tolerance(bus_length_m=10.0) > 0)
for wrong in (
    {"f_clock": 8_000_000, "brp": 0, "tseg1": 13, "tseg2": 2, "sjw": 1},
    {"f_clock": 8_000_000, "brp": 1, "tseg1": 13, "tseg2": 2, "sjw": 3},
):
    try:
        can.BitTiming(**wrong, strict=True)
        print("taken")
    except ValueError:
        print("refused")
