package io.weft.perf.traffic.bed;

import io.weft.nativebindings.netlink.NetworkNamespace;
import io.weft.nativebindings.netlink.Rtnetlink;
import io.weft.nativebindings.netlink.VethSpec;
import java.nio.file.Path;

/** A veth pair and nothing else: the limit of the generator and the receiver themselves. */
public final class DirectBed implements TestBed {
    private static final String TX = "tx0";
    private static final String RX = "rx0";
    private static final long TX_MAC = 0x02_00_00_00_00_0AL;
    private static final long RX_MAC = 0x02_00_00_00_00_0BL;
    private static final int SOURCE = 0xC6_12_00_02; // 198.18.0.2: RFC 2544 appendix C
    private static final int DESTINATION = 0xC6_13_00_02;
    private static final int PORT = 4000;
    private static final int MTU = 1500;

    private final Path txNamespace;
    private final Path rxNamespace;

    /** @param name prefix of its namespaces */
    public DirectBed(String name) {
        txNamespace = NetworkNamespace.named(name + "-tx");
        rxNamespace = NetworkNamespace.named(name + "-rx");
        try {
            NetworkNamespace.create(txNamespace);
            NetworkNamespace.create(rxNamespace);
            connect();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void connect() {
        try (Rtnetlink here = Rtnetlink.openIn(txNamespace);
            Rtnetlink there = Rtnetlink.openIn(rxNamespace);
            NetworkNamespace target = NetworkNamespace.open(rxNamespace)) {
            here.createVeth(VethSpec.of(TX, RX).withMac(TX_MAC).withPeerMac(RX_MAC).withPeerNamespace(target.fd()));
            here.setUp(here.link(TX).orElseThrow().index());
            there.setUp(there.link(RX).orElseThrow().index());
        }
    }

    @Override
    public Wire wire() {
        return new Wire("direct", txNamespace, TX, rxNamespace, RX, RX_MAC, TX_MAC, SOURCE, DESTINATION, PORT, PORT,
            MTU, true);
    }

    @Override
    public void close() {
        NetworkNamespace.delete(txNamespace);
        NetworkNamespace.delete(rxNamespace);
    }
}
