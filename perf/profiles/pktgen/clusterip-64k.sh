#!/usr/bin/env bash
# pod -> ClusterIP, 64,512 flows by source port in random order, 64-byte frames (60 without the FCS).
# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
: "${SRC:?set SRC to the address of the pod}" "${DST:?set DST to the address of the Service}"

prepare
pgset "$DEVICE" pkt_size 60
pgset "$DEVICE" src_min "$SRC"
pgset "$DEVICE" src_max "$SRC"
pgset "$DEVICE" dst "$DST"
pgset "$DEVICE" udp_src_min 1024
pgset "$DEVICE" udp_src_max 65535
pgset "$DEVICE" udp_dst_min "$PORT"
pgset "$DEVICE" udp_dst_max "$PORT"
pgset "$DEVICE" flag UDPSRC_RND
start
