/* Prints, as "name hex", payloads of netlink attributes about a controller.
 * cc -o controller_stats controller_stats.c && ./controller_stats > controller_stats.txt
 * (a little-endian machine)
 */
#include <linux/can/netlink.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

static void show(const char *name, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	printf("%s ", name);
	while (size--)
		printf("%02x", *p++);
	printf("\n");
}

int main(void)
{
	struct can_berr_counter counter = { .txerr = 0x180, .rxerr = 7 };
	struct can_device_stats device = {
		.bus_error = 11, .error_warning = 12, .error_passive = 13, .bus_off = 14,
		.arbitration_lost = 15, .restarts = 16,
	};
	struct rtnl_link_stats64 link;
	__u32 state = CAN_STATE_ERROR_PASSIVE, restart_ms = 100;
	__u16 types[] = {
		IFLA_LINKINFO, IFLA_STATS64, IFLA_INFO_DATA, IFLA_INFO_XSTATS, IFLA_CAN_STATE,
		IFLA_CAN_RESTART_MS, IFLA_CAN_BERR_COUNTER, IFF_UP,
	};

	memset(&link, 0xff, sizeof(link));
	link.rx_dropped = 1ULL << 40;
	link.tx_dropped = 22;
	link.rx_over_errors = 23;
	show("types", types, sizeof(types));
	show("state", &state, sizeof(state));
	show("restart_ms", &restart_ms, sizeof(restart_ms));
	show("berr_counter", &counter, sizeof(counter));
	show("device_stats", &device, sizeof(device));
	show("link_stats", &link, sizeof(link));
	return 0;
}
