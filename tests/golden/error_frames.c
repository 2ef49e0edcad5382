/* Prints, as "name hex", error frames made from the kernel's own macros.
 * cc -o error_frames error_frames.c && ./error_frames > error_frames.txt   (little-endian)
 */
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdio.h>
#include <string.h>

#ifndef CAN_ERR_CNT
#define CAN_ERR_CNT 0x200U /* since Linux 6.0 */
#endif

static void error(const char *name, canid_t classes, unsigned char d0, unsigned char d1,
		  unsigned char d2, unsigned char d3, unsigned char d4, unsigned char d5,
		  unsigned char d6, unsigned char d7)
{
	unsigned char data[CAN_ERR_DLC] = { d0, d1, d2, d3, d4, d5, d6, d7 };
	const unsigned char *p;
	struct can_frame frame;

	memset(&frame, 0, sizeof(frame));
	frame.can_id = CAN_ERR_FLAG | classes;
	frame.can_dlc = CAN_ERR_DLC;
	memcpy(frame.data, data, sizeof(data));
	printf("%s ", name);
	for (p = (const void *)&frame; p < (const unsigned char *)(&frame + 1); p++)
		printf("%02x", *p);
	printf("\n");
}

int main(void)
{
	error("nothing", 0, 0, 0, 0, 0, 0, 0, 0, 0);
	error("tx_timeout", CAN_ERR_TX_TIMEOUT, 0, 0, 0, 0, 0, 0, 0, 0);
	error("lost_arbitration", CAN_ERR_LOSTARB, 12, 0, 0, 0, 0, 0, 0, 0);
	error("lost_arbitration_unspecified", CAN_ERR_LOSTARB, CAN_ERR_LOSTARB_UNSPEC,
	      0, 0, 0, 0, 0, 0, 0);
	error("warning", CAN_ERR_CRTL | CAN_ERR_CNT, 0, CAN_ERR_CRTL_TX_WARNING,
	      0, 0, 0, 0, CAN_ERROR_WARNING_THRESHOLD, 7);
	error("passive_without_counters", CAN_ERR_CRTL, 0,
	      CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_WARNING, 0, 0, 0, 0, 0, 0);
	error("passive_of_old_kernel", CAN_ERR_CRTL, 0, CAN_ERR_CRTL_TX_PASSIVE,
	      0, 0, 0, 0, CAN_ERROR_PASSIVE_THRESHOLD, 0);
	error("overflow", CAN_ERR_CRTL, 0, CAN_ERR_CRTL_RX_OVERFLOW, 0, 0, 0, 0, 0, 0);
	error("back_to_active", CAN_ERR_CRTL | CAN_ERR_CNT, 0, CAN_ERR_CRTL_ACTIVE,
	      0, 0, 0, 0, 95, 95);
	error("violation", CAN_ERR_PROT | CAN_ERR_BUSERROR, 0, 0,
	      CAN_ERR_PROT_BIT0 | CAN_ERR_PROT_TX, CAN_ERR_PROT_LOC_ID12_05, 0, 0, 0, 0);
	error("no_ack", CAN_ERR_ACK | CAN_ERR_PROT | CAN_ERR_BUSERROR, 0, 0, 0,
	      CAN_ERR_PROT_LOC_ACK, 0, 0, 0, 0);
	error("wires", CAN_ERR_TRX, 0, 0, 0, 0,
	      CAN_ERR_TRX_CANH_SHORT_TO_GND | CAN_ERR_TRX_CANL_NO_WIRE, 0, 0, 0);
	error("shorted_together", CAN_ERR_TRX, 0, 0, 0, 0, CAN_ERR_TRX_CANL_SHORT_TO_CANH, 0, 0, 0);
	error("bus_off", CAN_ERR_BUSOFF, 0, 0, 0, 0, 0, 0, 0, 0);
	error("restarted", CAN_ERR_RESTARTED, 0, 0, 0, 0, 0, 0, 0, 0);
	error("everything_unknown", 0x400, 0, 0x80, 0, 0x11, 0x0f, 0xa5, 0, 0);
	return 0;
}
