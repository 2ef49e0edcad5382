"""What the bits of a CAN FD frame are made of."""

import can

timing = can.BitTimingFd(
    f_clock=80_000_000,
    nom_brp=1, nom_tseg1=119, nom_tseg2=40, nom_sjw=40,
    data_brp=1, data_tseg1=29, data_tseg2=10, data_sjw=10,
)  # fmt: skip
print(timing.nom_bitrate, timing.nom_sample_point, timing.nbt)
print(timing.data_bitrate, timing.data_sample_point, timing.dbt)
found = can.BitTimingFd.from_sample_point(
    f_clock=40_000_000, nom_bitrate=500_000, nom_sample_point=80.0,
    data_bitrate=2_000_000, data_sample_point=75.0,
)  # fmt: skip
print(sorted(dict(found).items()))
print(found.recreate_with_f_clock(80_000_000).nom_bitrate)
