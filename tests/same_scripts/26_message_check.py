# mypy: ignore-errors
"""Messages that make no sense are refused on request."""

import can


def tried(**fields):
    try:
        can.Message(**fields, check=True)
    except ValueError:
        return "refused"
    return "taken"


for fields in (
    {"arbitration_id": 0x7FF, "is_extended_id": False},
    {"arbitration_id": 0x800, "is_extended_id": False},
    {"arbitration_id": 0x20000000},
    {"arbitration_id": -1},
    {"data": bytes(8)},
    {"data": bytes(9)},
    {"data": bytes(9), "is_fd": True, "dlc": 9},
    {"data": bytes(65), "is_fd": True},
    {"dlc": 4, "data": bytes(4)},
    {"dlc": 3, "data": bytes(4)},
    {"dlc": -1},
    {"is_remote_frame": True, "dlc": 8},
    {"is_remote_frame": True, "is_error_frame": True},
    {"is_remote_frame": True, "is_fd": True},
    {"bitrate_switch": True},
    {"error_state_indicator": True},
):
    print(tried(**fields), {name: len(v) if name == "data" else v for name, v in fields.items()})
