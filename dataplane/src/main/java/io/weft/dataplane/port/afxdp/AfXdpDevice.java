package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.Port;
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
 * A network interface of the kernel that Weft uses through AF_XDP: one socket per queue, and an XDP program that redirects frames to the
 * sockets, in the best {@link XdpMode} that the interface supports.
 *
 * <p>Thread: the conductor, in the interface's network namespace. Cold code.
 */
final class AfXdpDevice implements Device {
    private final Spec spec;
    private final Setup setup;
    private final List<XskSocket> sockets = new ArrayList<>();
    private final List<AfXdpPort> ports = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private XdpMode mode;
    private BpfLink link;

    private AfXdpDevice(Spec spec, Setup setup) {
        this.spec = spec;
        this.setup = setup;
    }

    /**
     * How to open the device.
     *
     * @param best the best mode to try
     * @param rings ring sizes of each socket
     * @param program loads the device's program for its map of sockets
     * @param whenGeneric called if the device ends up in generic mode
     */
    record Setup(XdpMode best, RingSizes rings, Function<BpfMap, BpfProgram> program, Runnable whenGeneric) {
    }

    /**
     * Binds the queues. The first device opened on a worker's memory anchors its UMEM.
     *
     * @param workers at least as many as there are queues
     * @throws LinuxException with nothing left open
     */
    static AfXdpDevice open(Spec spec, Setup setup, List<WorkerUmem> workers) {
        AfXdpDevice device = new AfXdpDevice(spec, setup);
        try {
            device.mode = setup.best() == XdpMode.ZERO_COPY && device.bindZeroCopy(workers) ? XdpMode.ZERO_COPY
                : device.bindCopying(workers);
            device.makePorts(workers);
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    @Override
    public Spec spec() {
        return spec;
    }

    @Override
    public List<Port> ports() {
        return List.copyOf(ports);
    }

    @Override
    public void attach() {
        try (BpfMap map = BpfMap.xskMap("weft_xsk", Math.max(sockets.size(), 1));
            BpfProgram program = setup.program().apply(map)) {
            for (int queue = 0; queue < sockets.size(); queue++) {
                map.put(queue, sockets.get(queue));
            }
            link = attachBest(program);
        }
        if (mode == XdpMode.GENERIC) {
            setup.whenGeneric().run();
        }
    }

    @Override
    public void detach() {
        if (link != null) {
            link.close();
            link = null;
        }
    }

    @Override
    public String mode() {
        return mode.label();
    }

    @Override
    public String reason() {
        return String.join("; ", refusals);
    }

    @Override
    public int failure() {
        for (AfXdpPort port : ports) {
            if (port.failure() != 0) { return port.failure(); }
        }
        return 0;
    }

    @Override
    public int heldChunks() {
        return ports.stream().mapToInt(AfXdpPort::heldChunks).sum();
    }

    @Override
    public void readStatistics() {
        ports.forEach(AfXdpPort::readStatistics);
    }

    @Override
    public void close() {
        detach();
        sockets.forEach(XskSocket::close);
    }

    private boolean bindZeroCopy(List<WorkerUmem> workers) {
        if (!workers.getFirst().suitsZeroCopy()) {
            int errno = ZeroCopy.refusal(spec.ifindex());
            refusals.add("no zero-copy: " + (errno == 0
                ? "the frame memory was laid out for copy mode; restart the dataplane"
                : Errno.name(errno)));
            return false;
        }
        try {
            for (int queue = 0; queue < spec.queues(); queue++) {
                sockets.add(workers.get(queue).zeroCopy(spec.ifindex(), queue, setup.rings()));
            }
            return true;
        } catch (LinuxException e) {
            sockets.forEach(XskSocket::close);
            sockets.clear();
            refusals.add("no zero-copy: " + Errno.name(e.errno()));
            return false;
        }
    }

    private XdpMode bindCopying(List<WorkerUmem> workers) {
        for (int queue = 0; queue < spec.queues(); queue++) {
            sockets.add(workers.get(queue).copying(spec.ifindex(), queue, setup.rings()));
        }
        return setup.best() == XdpMode.GENERIC ? XdpMode.GENERIC : XdpMode.NATIVE_COPY;
    }

    private void makePorts(List<WorkerUmem> workers) {
        for (int queue = 0; queue < sockets.size(); queue++) {
            XskSocket socket = sockets.get(queue);
            socket.setMaxTxBudget(setup.rings().tx());
            ports.add(workers.get(queue).port(spec.portId(), socket, mode == XdpMode.ZERO_COPY));
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

    /** ENOSPC: a veth whose peer has more transmit queues than this end has receive queues. */
    private static boolean isLackOfNativeMode(int errno) {
        return errno == Errno.EOPNOTSUPP || errno == Errno.EINVAL || errno == Errno.ENOSPC;
    }
}
