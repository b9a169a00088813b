#!/usr/bin/env bash
# UDP frames with the ports and the size of VXLAN tunnel frames towards a node. pktgen writes its own header where the VXLAN header
# and the inner frame should be: nearly all have a foreign VNI. What the node pays for refusing them; for whole ones see README.md.
# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
: "${OUTER_SRC:?set OUTER_SRC to the address of a known node}" "${OUTER_DST:?set OUTER_DST to the address of the node under test}"
VXLAN_PORT=${VXLAN_PORT:-8472}

prepare
pgset "$DEVICE" pkt_size 110
pgset "$DEVICE" src_min "$OUTER_SRC"
pgset "$DEVICE" src_max "$OUTER_SRC"
pgset "$DEVICE" dst "$OUTER_DST"
pgset "$DEVICE" udp_src_min 49152
pgset "$DEVICE" udp_src_max 65535
pgset "$DEVICE" udp_dst_min "$VXLAN_PORT"
pgset "$DEVICE" udp_dst_max "$VXLAN_PORT"
pgset "$DEVICE" flag UDPSRC_RND
start
