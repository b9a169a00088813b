#!/usr/bin/env bash
# pod -> ClusterIP with 7:4:1 of 64, 594 and 1518 bytes (60, 590, 1514 without the FCS; the last cut to a pod's MTU of 1450).
# shellcheck source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
: "${SRC:?set SRC to the address of the pod}" "${DST:?set DST to the address of the Service}"
LONGEST=${LONGEST:-1464}

prepare
pgset "$DEVICE" imix_weights "60,7 590,4 $LONGEST,1"
pgset "$DEVICE" src_min "$SRC"
pgset "$DEVICE" src_max "$SRC"
pgset "$DEVICE" dst "$DST"
pgset "$DEVICE" udp_src_min 1024
pgset "$DEVICE" udp_src_max 65535
pgset "$DEVICE" udp_dst_min "$PORT"
pgset "$DEVICE" udp_dst_max "$PORT"
pgset "$DEVICE" flag UDPSRC_RND
start
