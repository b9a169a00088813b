package io.weft.dataplane.port.afxdp;

import io.weft.nativebindings.bpf.BpfAssembler;
import io.weft.nativebindings.bpf.BpfHelper;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.bpf.BpfRegister;
import io.weft.nativebindings.bpf.XdpAction;

/**
 * The XDP program of a pod's port and of weft-host: redirects every frame to the socket of the queue on which it arrived. A queue without a
 * socket drops, because a pod's frame must not bypass Weft and reach the node's stack.
 */
final class PodClassifier {
    private PodClassifier() {
    }

    /** @param sockets XSKMAP by queue */
    static BpfProgram load(BpfMap sockets) {
        BpfAssembler program = new BpfAssembler();
        redirect(program, sockets, BpfRegister.R1, XdpAction.XDP_DROP);
        return BpfProgram.loadXdp("weft_pod", program);
    }

    /**
     * Emits the end of a program: redirects to the socket of the frame's queue.
     *
     * @param context register that holds the program's context
     * @param otherwise action if there is no socket
     */
    static void redirect(BpfAssembler program, BpfMap sockets, BpfRegister context, int otherwise) {
        program.load(BpfAssembler.Size.W, BpfRegister.R2, context, XdpAction.CONTEXT_RX_QUEUE_INDEX)
            .loadMap(BpfRegister.R1, sockets)
            .mov(BpfRegister.R3, otherwise)
            .call(BpfHelper.REDIRECT_MAP)
            .exit();
    }
}
