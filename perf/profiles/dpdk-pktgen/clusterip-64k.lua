-- pod -> ClusterIP, 64,512 flows by source port, 64-byte frames with the FCS.
package.path = package.path .. ";?.lua;test/?.lua;app/?.lua;"
require "Pktgen"

local DST_MAC = "52:54:00:00:00:01" -- the next hop
local SRC = "10.244.1.5"            -- the pod
local DST = "10.96.0.80"            -- the Service
local PORT = 4000
local RATE = 100                    -- percent of the line
local SECONDS = 10
local SENDER = "0"

pktgen.range.dst_mac(SENDER, "start", DST_MAC)
for _, field in ipairs({"start", "min", "max"}) do
  pktgen.range.src_ip(SENDER, field, SRC)
  pktgen.range.dst_ip(SENDER, field, DST)
  pktgen.range.dst_port(SENDER, field, PORT)
  pktgen.range.pkt_size(SENDER, field, 64)
end
pktgen.range.src_ip(SENDER, "inc", "0.0.0.0")
pktgen.range.dst_ip(SENDER, "inc", "0.0.0.0")
pktgen.range.dst_port(SENDER, "inc", 0)
pktgen.range.pkt_size(SENDER, "inc", 0)
pktgen.range.src_port(SENDER, "start", 1024)
pktgen.range.src_port(SENDER, "min", 1024)
pktgen.range.src_port(SENDER, "max", 65535)
pktgen.range.src_port(SENDER, "inc", 1)
pktgen.range.ip_proto(SENDER, "udp")
pktgen.set_range(SENDER, "on")
pktgen.set(SENDER, "rate", RATE)

pktgen.clr()
pktgen.start(SENDER)
pktgen.delay(SECONDS * 1000)
pktgen.stop(SENDER)
prints("port", pktgen.portStats(SENDER, "port"))
