package io.weft.nativebindings.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;
import io.weft.nativebindings.netlink.Link.XdpMode;
import org.junit.jupiter.api.Test;

class XdpOfLinkTest {
    @Test
    void programAndModeAreRead() {
        try (TestNamespace node = new TestNamespace(); BpfProgram program = BpfProgram.loadXdp("nlt_pass", pass())) {
            int ifindex = node.rtnetlink.createVeth(VethSpec.of("near", "far")).index();
            NetworkNamespace.run(node.path, () -> {
                try (BpfLink link = BpfLink.attachXdp(program, ifindex, BpfLink.Mode.NATIVE)) {
                    assertXdp(program.id(), XdpMode.NATIVE, node.rtnetlink.link(ifindex).orElseThrow());
                }
                try (BpfLink link = BpfLink.attachXdp(program, ifindex, BpfLink.Mode.GENERIC)) {
                    assertXdp(program.id(), XdpMode.GENERIC, node.rtnetlink.link("near").orElseThrow());
                }
            });
            assertXdp(0, XdpMode.NONE, node.rtnetlink.link(ifindex).orElseThrow());
        }
    }

    private static BpfAssembler pass() {
        return new BpfAssembler().mov(BpfRegister.R0, XdpAction.XDP_PASS).exit();
    }

    private static void assertXdp(int programId, XdpMode mode, Link link) {
        assertEquals(programId, link.xdpProgramId());
        assertEquals(mode, link.xdpMode());
    }
}
