"""pod -> ClusterIP with 7:4:1 of 64, 594 and 1518 bytes with the FCS; the long ones cut to a pod's MTU of 1450."""
from trex_stl_lib.api import *

import argparse

# Without the FCS, with the share of each in twelve frames.
MIX = ((60, 7), (590, 4), (1464, 1))


class Imix:
    def get_streams(self, direction=0, tunables=(), **kwargs):
        parser = argparse.ArgumentParser()
        parser.add_argument("--dst_mac", default="52:54:00:00:00:01", help="the next hop")
        parser.add_argument("--src", default="10.244.1.5", help="the pod")
        parser.add_argument("--dst", default="10.96.0.80", help="the Service")
        parser.add_argument("--port", type=int, default=4000)
        args = parser.parse_args(tunables)
        return [self.stream(args, size, share) for size, share in MIX]

    @staticmethod
    def stream(args, size, share):
        base = Ether(dst=args.dst_mac) / IP(src=args.src, dst=args.dst) / UDP(sport=1024, dport=args.port)
        vary = STLScVmRaw([
            STLVmFlowVar(name="sport", min_value=1024, max_value=65535, size=2, op="random"),
            STLVmWrFlowVar(fv_name="sport", pkt_offset="UDP.sport"),
            STLVmFixChecksumHw(l3_offset="IP", l4_offset="UDP", l4_type=CTRexVmInsFixHwCs.L4_TYPE_UDP),
        ])
        packet = STLPktBuilder(pkt=base / (b"\0" * (size - len(base))), vm=vary)
        return STLStream(packet=packet, mode=STLTXCont(pps=share))


def register():
    return Imix()
