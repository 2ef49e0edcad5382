/* Sizes, offsets and numbers of the structures that the library builds or reads, for one machine.
 * It is compiled to assembler text and never run: compilers.py reads the "->name number" lines.
 * What headers of Linux 6.1 do not have yet is written out below.
 */
#define _GNU_SOURCE
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/error.h>
#include <linux/can/netlink.h>
#include <linux/can/raw.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/time_types.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#ifndef CAN_RAW_XL_VCID_TX_SET
#define CAN_RAW_XL_VCID_OPTS 8
#define CAN_RAW_XL_VCID_TX_SET 0x01
#define CAN_RAW_XL_VCID_TX_PASS 0x02
#define CAN_RAW_XL_VCID_RX_FILTER 0x04
struct can_raw_vcid_options {
	__u8 flags, tx_vcid, rx_vcid, rx_vcid_mask;
};
#endif

/* The way of the kernel's own asm-offsets.c: a constant operand, with the machine's sigil. */
#define CONSTANT(name, value) __asm__ volatile("\n#->" name " %0" : : "i"((long)(value)))
#define SIZE(type) CONSTANT("sizeof(" #type ")", sizeof(struct type))
#define AT(type, field) CONSTANT(#type "." #field, offsetof(struct type, field))
#define STATS(type) AT(type, rx_packets); AT(type, tx_packets); AT(type, rx_bytes); \
	AT(type, tx_bytes); AT(type, rx_errors); AT(type, tx_errors); AT(type, rx_dropped); \
	AT(type, tx_dropped); AT(type, rx_over_errors); AT(type, tx_carrier_errors)
#define NUMBER(name) CONSTANT(#name, name)

void layouts(void);
void layouts(void)
{
	CONSTANT("sizeof(long)", sizeof(long));
	CONSTANT("sizeof(void*)", sizeof(void *));

	SIZE(can_frame); AT(can_frame, can_id); AT(can_frame, can_dlc); AT(can_frame, data);
	SIZE(canfd_frame); AT(canfd_frame, can_id); AT(canfd_frame, len);
	AT(canfd_frame, flags); AT(canfd_frame, data);
	SIZE(canxl_frame); AT(canxl_frame, prio); AT(canxl_frame, flags); AT(canxl_frame, sdt);
	AT(canxl_frame, len); AT(canxl_frame, af); AT(canxl_frame, data);
	SIZE(can_filter); AT(can_filter, can_id); AT(can_filter, can_mask);
	SIZE(can_raw_vcid_options); AT(can_raw_vcid_options, flags);
	AT(can_raw_vcid_options, tx_vcid); AT(can_raw_vcid_options, rx_vcid);
	AT(can_raw_vcid_options, rx_vcid_mask);
	SIZE(bcm_msg_head); AT(bcm_msg_head, opcode); AT(bcm_msg_head, flags);
	AT(bcm_msg_head, count); AT(bcm_msg_head, ival1); AT(bcm_msg_head, ival2);
	AT(bcm_msg_head, can_id); AT(bcm_msg_head, nframes); AT(bcm_msg_head, frames);
	SIZE(bcm_timeval);
	SIZE(sockaddr_can); AT(sockaddr_can, can_family); AT(sockaddr_can, can_ifindex);

	SIZE(can_device_stats); AT(can_device_stats, bus_error);
	AT(can_device_stats, error_warning); AT(can_device_stats, error_passive);
	AT(can_device_stats, bus_off); AT(can_device_stats, arbitration_lost);
	AT(can_device_stats, restarts);
	SIZE(can_berr_counter); AT(can_berr_counter, txerr); AT(can_berr_counter, rxerr);
	STATS(rtnl_link_stats64);
	STATS(rtnl_link_stats);
	SIZE(can_bittiming); AT(can_bittiming, bitrate); AT(can_bittiming, sample_point);
	AT(can_bittiming, tq); AT(can_bittiming, prop_seg); AT(can_bittiming, phase_seg1);
	AT(can_bittiming, phase_seg2); AT(can_bittiming, sjw); AT(can_bittiming, brp);
	SIZE(can_bittiming_const); AT(can_bittiming_const, name);
	AT(can_bittiming_const, tseg1_min); AT(can_bittiming_const, tseg1_max);
	AT(can_bittiming_const, tseg2_min); AT(can_bittiming_const, tseg2_max);
	AT(can_bittiming_const, sjw_max); AT(can_bittiming_const, brp_min);
	AT(can_bittiming_const, brp_max); AT(can_bittiming_const, brp_inc);
	SIZE(can_clock); AT(can_clock, freq);
	SIZE(can_ctrlmode); AT(can_ctrlmode, mask); AT(can_ctrlmode, flags);
	NUMBER(IFLA_IFNAME); NUMBER(IFLA_MTU); NUMBER(IFLA_LINK); NUMBER(IFLA_QDISC);
	NUMBER(IFLA_STATS);
	NUMBER(IFLA_TXQLEN); NUMBER(IFLA_LINKINFO); NUMBER(IFLA_IFALIAS); NUMBER(IFLA_STATS64);
	NUMBER(IFLA_NET_NS_FD);
	NUMBER(IFLA_INFO_KIND); NUMBER(IFLA_INFO_DATA); NUMBER(IFLA_INFO_XSTATS);
	NUMBER(IFLA_CAN_BITTIMING); NUMBER(IFLA_CAN_BITTIMING_CONST); NUMBER(IFLA_CAN_CLOCK);
	NUMBER(IFLA_CAN_STATE); NUMBER(IFLA_CAN_CTRLMODE); NUMBER(IFLA_CAN_RESTART_MS);
	NUMBER(IFLA_CAN_RESTART); NUMBER(IFLA_CAN_BERR_COUNTER);
	NUMBER(IFLA_CAN_DATA_BITTIMING); NUMBER(IFLA_CAN_DATA_BITTIMING_CONST);
	NUMBER(IFLA_CAN_TERMINATION); NUMBER(IFLA_CAN_TERMINATION_CONST);
	NUMBER(IFLA_CAN_BITRATE_CONST); NUMBER(IFLA_CAN_DATA_BITRATE_CONST);
	NUMBER(IFLA_CAN_BITRATE_MAX); NUMBER(IFLA_CAN_CTRLMODE_EXT);
	NUMBER(IFLA_CAN_CTRLMODE_SUPPORTED);
	NUMBER(ARPHRD_CAN); NUMBER(IFF_UP); NUMBER(IFF_LOWER_UP); NUMBER(RTMGRP_LINK);
	NUMBER(NLMSG_ERROR); NUMBER(NLMSG_DONE); NUMBER(NLMSG_OVERRUN);
	NUMBER(RTM_NEWLINK); NUMBER(RTM_DELLINK); NUMBER(RTM_GETLINK);
	NUMBER(NLM_F_REQUEST); NUMBER(NLM_F_MULTI); NUMBER(NLM_F_ACK); NUMBER(NLM_F_DUMP_INTR);
	NUMBER(NLM_F_EXCL); NUMBER(NLM_F_DUMP); NUMBER(NLM_F_CREATE);
	NUMBER(NLA_F_NESTED); NUMBER(NLA_TYPE_MASK);
	SIZE(nlmsghdr); SIZE(ifinfomsg); AT(ifinfomsg, ifi_index); AT(ifinfomsg, ifi_flags);
	SIZE(rtattr);

	SIZE(mmsghdr); AT(mmsghdr, msg_hdr.msg_name); AT(mmsghdr, msg_hdr.msg_namelen);
	AT(mmsghdr, msg_hdr.msg_iov); AT(mmsghdr, msg_hdr.msg_iovlen);
	AT(mmsghdr, msg_hdr.msg_control); AT(mmsghdr, msg_hdr.msg_controllen);
	AT(mmsghdr, msg_hdr.msg_flags); AT(mmsghdr, msg_len);
	SIZE(msghdr);
	SIZE(iovec); AT(iovec, iov_base); AT(iovec, iov_len);
	SIZE(cmsghdr); AT(cmsghdr, cmsg_len); AT(cmsghdr, cmsg_level); AT(cmsghdr, cmsg_type);
	CONSTANT("CMSG_LEN(0)", CMSG_LEN(0));
	CONSTANT("CMSG_SPACE(4)", CMSG_SPACE(4));
	CONSTANT("CMSG_SPACE(16)", CMSG_SPACE(16));
	CONSTANT("CMSG_SPACE(48)", CMSG_SPACE(48));
	SIZE(timespec);
	SIZE(__kernel_timespec);

	NUMBER(AF_CAN); NUMBER(CAN_RAW); NUMBER(CAN_BCM); NUMBER(SOL_CAN_RAW);
	NUMBER(CAN_RAW_FILTER); NUMBER(CAN_RAW_ERR_FILTER); NUMBER(CAN_RAW_LOOPBACK);
	NUMBER(CAN_RAW_RECV_OWN_MSGS); NUMBER(CAN_RAW_FD_FRAMES); NUMBER(CAN_RAW_JOIN_FILTERS);
	NUMBER(CAN_RAW_XL_FRAMES); NUMBER(CAN_RAW_XL_VCID_OPTS);
	NUMBER(CAN_RAW_XL_VCID_TX_SET); NUMBER(CAN_RAW_XL_VCID_TX_PASS);
	NUMBER(CAN_RAW_XL_VCID_RX_FILTER);
	NUMBER(CAN_ERR_MASK); NUMBER(CAN_ERR_BUSOFF); NUMBER(CAN_ERR_RESTARTED);
	NUMBER(CAN_EFF_FLAG); NUMBER(CAN_RTR_FLAG); NUMBER(CAN_ERR_FLAG); NUMBER(CAN_INV_FILTER);
	NUMBER(CAN_SFF_MASK); NUMBER(CAN_EFF_MASK); NUMBER(CAN_RAW_FILTER_MAX);
	NUMBER(CANFD_BRS); NUMBER(CANFD_ESI); NUMBER(CANFD_FDF);
	NUMBER(CANXL_XLF); NUMBER(CANXL_SEC);
	NUMBER(CAN_MAX_DLEN); NUMBER(CANFD_MAX_DLEN); NUMBER(CANXL_MAX_DLEN);

	NUMBER(TX_SETUP); NUMBER(TX_DELETE); NUMBER(TX_READ); NUMBER(TX_SEND);
	NUMBER(RX_SETUP); NUMBER(RX_DELETE); NUMBER(RX_READ);
	NUMBER(TX_STATUS); NUMBER(TX_EXPIRED);
	NUMBER(RX_STATUS); NUMBER(RX_TIMEOUT); NUMBER(RX_CHANGED);
	NUMBER(SETTIMER); NUMBER(STARTTIMER); NUMBER(TX_COUNTEVT); NUMBER(TX_ANNOUNCE);
	NUMBER(TX_CP_CAN_ID); NUMBER(RX_FILTER_ID); NUMBER(RX_CHECK_DLC);
	NUMBER(RX_NO_AUTOTIMER); NUMBER(RX_ANNOUNCE_RESUME); NUMBER(TX_RESET_MULTI_IDX);
	NUMBER(RX_RTR_FRAME); NUMBER(CAN_FD_FRAME);

	NUMBER(SOL_SOCKET); NUMBER(SO_TIMESTAMPNS_OLD); NUMBER(SO_TIMESTAMPNS_NEW);
	NUMBER(SO_TIMESTAMPING_OLD); NUMBER(SO_TIMESTAMPING_NEW); NUMBER(SO_RXQ_OVFL);
	NUMBER(SO_MEMINFO); NUMBER(SO_PRIORITY); NUMBER(SO_MARK); NUMBER(SO_RCVBUFFORCE);
	NUMBER(SO_SNDBUFFORCE);
	NUMBER(SK_MEMINFO_VARS); NUMBER(SK_MEMINFO_DROPS); NUMBER(SK_MEMINFO_WMEM_ALLOC);
	NUMBER(MSG_DONTROUTE); NUMBER(MSG_CONFIRM); NUMBER(MSG_CTRUNC); NUMBER(MSG_TRUNC);
	NUMBER(MSG_DONTWAIT); NUMBER(MSG_ERRQUEUE);
	NUMBER(SOF_TIMESTAMPING_RX_HARDWARE); NUMBER(SOF_TIMESTAMPING_RX_SOFTWARE);
	NUMBER(SOF_TIMESTAMPING_SOFTWARE); NUMBER(SOF_TIMESTAMPING_RAW_HARDWARE);
}
