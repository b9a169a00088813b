-- pod -> ClusterIP with 7:4:1 of 64, 594 and 1518 bytes (the last cut to a pod's MTU of 1450): twelve flows, one a frame of the round.
package.path = package.path .. ";?.lua;test/?.lua;app/?.lua;"
require "Pktgen"

local DST_MAC = "52:54:00:00:00:01" -- the next hop
local SRC_MAC = "52:54:00:00:00:02"
local SRC = "10.244.1.5/24"         -- the pod
local DST = "10.96.0.80"            -- the Service
local PORT = 4000
local LONGEST = 1468
local RATE = 100                    -- percent of the line
local SECONDS = 10
local SENDER = "0"

local sizes = {64, 594, 64, 64, 594, 64, LONGEST, 64, 594, 64, 594, 64}
for number, size in ipairs(sizes) do
  pktgen.seqTable(number - 1, SENDER, {
    ["eth_dst_addr"] = DST_MAC, ["eth_src_addr"] = SRC_MAC,
    ["ip_dst_addr"] = DST, ["ip_src_addr"] = SRC,
    ["sport"] = 1024 + number, ["dport"] = PORT,
    ["ethType"] = "ipv4", ["ipProto"] = "udp", ["vlanid"] = 1, ["pktSize"] = size,
  })
end
pktgen.set(SENDER, "seq_cnt", #sizes)
pktgen.set(SENDER, "rate", RATE)

pktgen.clr()
pktgen.start(SENDER)
pktgen.delay(SECONDS * 1000)
pktgen.stop(SENDER)
prints("port", pktgen.portStats(SENDER, "port"))
