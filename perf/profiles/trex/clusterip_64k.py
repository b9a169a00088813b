"""pod -> ClusterIP: 64,512 flows by source port in random order, 64-byte frames with the FCS."""
from trex_stl_lib.api import *

import argparse

SIZE_WITHOUT_FCS = 60


def stream(args, size, pps):
    base = Ether(dst=args.dst_mac) / IP(src=args.src, dst=args.dst) / UDP(sport=1024, dport=args.port)
    packet = base / (b"\0" * (size - len(base)))
    vary = STLScVmRaw([
        STLVmFlowVar(name="sport", min_value=1024, max_value=65535, size=2, op="random"),
        STLVmWrFlowVar(fv_name="sport", pkt_offset="UDP.sport"),
        STLVmFixChecksumHw(l3_offset="IP", l4_offset="UDP", l4_type=CTRexVmInsFixHwCs.L4_TYPE_UDP),
    ])
    return STLStream(packet=STLPktBuilder(pkt=packet, vm=vary), mode=STLTXCont(pps=pps))


class ClusterIp:
    def get_streams(self, direction=0, tunables=(), **kwargs):
        parser = argparse.ArgumentParser()
        parser.add_argument("--dst_mac", default="52:54:00:00:00:01", help="the next hop")
        parser.add_argument("--src", default="10.244.1.5", help="the pod")
        parser.add_argument("--dst", default="10.96.0.80", help="the Service")
        parser.add_argument("--port", type=int, default=4000)
        parser.add_argument("--flow_stats", type=int, default=0)
        parser.add_argument("--latency", type=int, default=0)
        args = parser.parse_args(tunables)
        streams = [stream(args, SIZE_WITHOUT_FCS, 1)]
        if args.flow_stats:
            streams[0].flow_stats = STLFlowStats(pg_id=1)
        if args.latency:
            probe = Ether(dst=args.dst_mac) / IP(src=args.src, dst=args.dst) / UDP(sport=1023, dport=args.port)
            streams.append(STLStream(packet=STLPktBuilder(pkt=probe / (b"\0" * 24)), mode=STLTXCont(pps=1000),
                                     flow_stats=STLFlowLatencyStats(pg_id=2)))
        return streams


def register():
    return ClusterIp()
