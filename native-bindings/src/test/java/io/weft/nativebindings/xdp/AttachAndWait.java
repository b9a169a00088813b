package io.weft.nativebindings.xdp;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;
import io.weft.nativebindings.linux.InterfaceNames;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that attaches a program to {@code wb} and waits to be killed. */
final class AttachAndWait {
    private AttachAndWait() {}

    public static void main(String[] arguments) throws Exception {
        BpfProgram program = BpfProgram.loadXdp("pass_all",
            new BpfAssembler().mov(BpfRegister.R0, XdpAction.XDP_PASS).exit());
        BpfLink link = BpfLink.attachXdp(program, InterfaceNames.index("wb"), BpfLink.Mode.NATIVE);
        String line = "attached in " + Files.readSymbolicLink(Path.of("/proc/self/ns/net")) + "\n";
        System.out.write(line.getBytes(StandardCharsets.UTF_8));
        System.out.flush();
        System.in.transferTo(System.out);
        link.close();
    }
}
