# shellcheck shell=bash
# Sourced by the profiles beside it: settings, and how to talk to the kernel's pktgen.
set -euo pipefail

: "${DEVICE:?set DEVICE to the device to send from}"
: "${DST_MAC:?set DST_MAC to the next hop}"
PORT=${PORT:-4000}
COUNT=${COUNT:-10000000}
RATE=${RATE:-0}
CPU=${CPU:-0}
readonly PKTGEN=/proc/net/pktgen

[[ -d $PKTGEN ]] || { echo "no $PKTGEN: modprobe pktgen, as root" >&2; exit 1; }

# pgset FILE COMMAND...: pktgen answers in the file itself.
pgset() {
  local file=$PKTGEN/$1
  shift
  echo "$*" > "$file"
  if ! grep -q '^Result: OK' "$file" && [[ $file != */pgctrl ]]; then
    echo "pktgen refuses '$*': $(grep '^Result' "$file")" >&2
    exit 1
  fi
}

# The device alone on the chosen thread, with what all profiles have in common.
prepare() {
  pgset "kpktgend_$CPU" rem_device_all
  pgset "kpktgend_$CPU" add_device "$DEVICE"
  pgset "$DEVICE" count "$COUNT"
  pgset "$DEVICE" dst_mac "$DST_MAC"
  pgset "$DEVICE" clone_skb 0
  pgset "$DEVICE" delay 0
  if ((RATE > 0)); then pgset "$DEVICE" ratep "$RATE"; fi
  pgset "$DEVICE" flag UDPCSUM
}

start() {
  trap 'echo stop > $PKTGEN/pgctrl' INT
  echo start > "$PKTGEN/pgctrl"
  sed -n '/^Result/,$p' "$PKTGEN/$DEVICE"
}
