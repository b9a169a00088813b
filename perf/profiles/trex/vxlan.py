"""Tunnel frames of another node towards the node under test: 64,512 inner flows to one pod, inner frames of 64 bytes with the FCS."""
from trex_stl_lib.api import *

import argparse
import struct

INNER_SIZE_WITHOUT_FCS = 60
VNI_FLAG = 0x08
# Outer Ethernet 14, IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14, inner IPv4 20.
INNER_SOURCE_PORT = 84


class Vxlan:
    def get_streams(self, direction=0, tunables=(), **kwargs):
        parser = argparse.ArgumentParser()
        parser.add_argument("--dst_mac", default="52:54:00:00:00:01", help="of the node, or the router towards it")
        parser.add_argument("--outer_src", default="192.0.2.9", help="a node that the one under test knows")
        parser.add_argument("--outer_dst", default="192.0.2.1", help="the node under test")
        parser.add_argument("--vtep_mac", default="02:00:00:00:00:01", help="of the node under test")
        parser.add_argument("--src", default="10.244.9.5", help="a pod of the node played")
        parser.add_argument("--dst", default="10.244.1.5", help="a pod of the node under test")
        parser.add_argument("--port", type=int, default=4000)
        parser.add_argument("--vni", type=int, default=1)
        parser.add_argument("--vxlan_port", type=int, default=8472)
        args = parser.parse_args(tunables)
        inner = Ether(dst=args.vtep_mac) / IP(src=args.src, dst=args.dst) / UDP(sport=1024, dport=args.port, chksum=0)
        inner = inner / (b"\0" * (INNER_SIZE_WITHOUT_FCS - len(inner)))
        header = struct.pack(">II", VNI_FLAG << 24, args.vni << 8)
        outer = Ether(dst=args.dst_mac) / IP(src=args.outer_src, dst=args.outer_dst)
        outer = outer / UDP(sport=49152, dport=args.vxlan_port, chksum=0)
        vary = STLScVmRaw([
            STLVmFlowVar(name="sport", min_value=1024, max_value=65535, size=2, op="random"),
            STLVmWrFlowVar(fv_name="sport", pkt_offset="UDP.sport"),
            STLVmWrFlowVar(fv_name="sport", pkt_offset=INNER_SOURCE_PORT),
        ])
        packet = STLPktBuilder(pkt=outer / Raw(header + bytes(inner)), vm=vary)
        return [STLStream(packet=packet, mode=STLTXCont(pps=1))]


def register():
    return Vxlan()
