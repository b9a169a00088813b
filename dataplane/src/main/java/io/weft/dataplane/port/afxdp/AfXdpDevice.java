package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.port.FrameMemory;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.linux.Errno;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.xdp.RingSizes;
import io.weft.nativebindings.xdp.XskSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A network device as the workers use it: queue i bound for worker i, and an XDP program that takes frames off it, on the best rung of the
 * ladder that the device reaches.
 *
 * <p>Order: {@link #open}, give the workers their {@link #ports}, {@link #attach} once they have them; {@link #detach}, take the ports away,
 * {@link #close} once the workers do not use them, and let the workers reclaim. The program goes with the process, however it ends.
 *
 * <p>Thread: the conductor, in the device's network namespace. Cold code.
 */
public final class AfXdpDevice implements AutoCloseable {
    private final Spec spec;
    private final List<AfXdpPort> ports = new ArrayList<>();
    private final List<XskSocket> sockets = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private XdpMode mode;
    private BpfLink link;

    private AfXdpDevice(Spec spec) {
        this.spec = spec;
    }

    /**
     * What to open.
     *
     * @param portId of the port
     * @param queues how many to bind, one for each of the first workers
     * @param best the highest rung to try
     * @param rings of each socket
     * @param program makes the device's program over its map of sockets
     */
    public record Spec(
        int portId, String name, int ifindex, int queues, XdpMode best, RingSizes rings,
        Function<BpfMap, BpfProgram> program) {
    }

    /** A worker as ports need it. */
    public record WorkerMemory(FrameMemory memory, WorkerCounters counters) {
    }

    /**
     * Binds the queues. The first device that is opened on a worker's memory anchors it.
     *
     * @throws LinuxException with nothing left open
     */
    public static AfXdpDevice open(Spec spec, List<WorkerMemory> workers) {
        AfXdpDevice device = new AfXdpDevice(spec);
        try {
            device.mode = spec.best() == XdpMode.ZERO_COPY && device.bindZeroCopy(workers) ? XdpMode.ZERO_COPY
                : device.bindCopying(workers);
            device.makePorts(workers);
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /** The port of each worker, by its index. */
    public List<AfXdpPort> ports() {
        return ports;
    }

    public XdpMode mode() {
        return mode;
    }

    /** Why no higher rung was reached; empty for the highest. */
    public String reason() {
        return String.join("; ", refusals);
    }

    public Spec spec() {
        return spec;
    }

    /** Lets frames in. The workers must have their ports, else the first frames find no chunk. */
    public void attach() {
        try (BpfMap map = BpfMap.xskMap("weft_xsk", Math.max(sockets.size(), 1));
            BpfProgram program = spec.program().apply(map)) {
            for (int queue = 0; queue < sockets.size(); queue++) {
                map.put(queue, sockets.get(queue));
            }
            link = attachBest(program);
        }
    }

    /** Lets no more frames in; the device's frames go to the kernel again. */
    public void detach() {
        if (link != null) {
            link.close();
            link = null;
        }
    }

    /** The first error that a worker met on the device: a positive errno, or 0. */
    public int failure() {
        for (AfXdpPort port : ports) {
            if (port.failure() != 0) { return port.failure(); }
        }
        return 0;
    }

    /** Releases program and queues; no worker uses the ports any more. */
    @Override
    public void close() {
        detach();
        sockets.forEach(XskSocket::close);
    }

    private boolean bindZeroCopy(List<WorkerMemory> workers) {
        if (!workers.getFirst().memory().suitsZeroCopy()) {
            int errno = ZeroCopy.refusal(spec.ifindex());
            refusals.add("no zero-copy: " + (errno == 0
                ? "the memory was laid out for a device without; restart the dataplane"
                : Errno.name(errno)));
            return false;
        }
        try {
            for (int queue = 0; queue < spec.queues(); queue++) {
                sockets.add(workers.get(queue).memory().zeroCopy(spec.ifindex(), queue, spec.rings()));
            }
            return true;
        } catch (LinuxException e) {
            sockets.forEach(XskSocket::close);
            sockets.clear();
            refusals.add("no zero-copy: " + Errno.name(e.errno()));
            return false;
        }
    }

    private XdpMode bindCopying(List<WorkerMemory> workers) {
        for (int queue = 0; queue < spec.queues(); queue++) {
            FrameMemory memory = workers.get(queue).memory();
            sockets.add(
                memory.isAnchored()
                    ? memory.share(spec.ifindex(), queue, spec.rings())
                    : memory.anchor(spec.ifindex(), queue, spec.rings()));
        }
        return spec.best() == XdpMode.GENERIC ? XdpMode.GENERIC : XdpMode.NATIVE_COPY;
    }

    private void makePorts(List<WorkerMemory> workers) {
        for (int queue = 0; queue < sockets.size(); queue++) {
            FrameMemory memory = workers.get(queue).memory();
            XskSocket socket = sockets.get(queue);
            socket.setMaxTxBudget(spec.rings().tx());
            ports.add(
                new AfXdpPort(spec.portId(), socket, memory.hasTxMetadata(),
                    mode != XdpMode.ZERO_COPY && memory.hasMultiBuffer(), memory.pool(), memory.owners(),
                    workers.get(queue).counters()));
        }
    }

    private BpfLink attachBest(BpfProgram program) {
        if (mode != XdpMode.GENERIC) {
            try {
                return BpfLink.attachXdp(program, spec.ifindex(), BpfLink.Mode.NATIVE);
            } catch (LinuxException e) {
                if (mode == XdpMode.ZERO_COPY || !isLackOfNativeMode(e.errno())) { throw e; }
                refusals.add("no native XDP: " + Errno.name(e.errno()));
                mode = XdpMode.GENERIC;
            }
        }
        return BpfLink.attachXdp(program, spec.ifindex(), BpfLink.Mode.GENERIC);
    }

    /** ENOSPC: a veth whose peer has more transmit queues than this end receive queues. */
    private static boolean isLackOfNativeMode(int errno) {
        return errno == Errno.EOPNOTSUPP || errno == Errno.EINVAL || errno == Errno.ENOSPC;
    }
}
