package io.weft.dataplane.port.afxdp;

import io.weft.dataplane.config.NodeConfiguration;
import io.weft.dataplane.forwarding.PortKind;
import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.Device;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.port.FrameMemory;
import io.weft.dataplane.port.UplinkFilter;
import io.weft.dataplane.port.WorkerMemory;
import io.weft.nativebindings.linux.InterfaceNames;
import io.weft.nativebindings.xdp.RingSizes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Opens the kernel's network interfaces through AF_XDP: knows how the uplink, {@code weft-host} and pods differ, and the UMEMs that they
 * share.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
public final class AfXdpDriver implements DeviceDriver {
    private static final RingSizes HOST_RINGS = RingSizes.all(2048);
    private static final RingSizes UPLINK_RINGS = RingSizes.all(8192);
    private static final RingSizes POD_RINGS = RingSizes.all(4096);
    private static final RingSizes SMALL_RINGS = RingSizes.all(256);

    private final KernelInterfaces interfaces = new KernelInterfaces();
    private final Map<FrameMemory, WorkerUmem> umems = new HashMap<>();
    private final XdpMode best;
    private final RingSizes podRings;
    private UplinkMaps uplinkMaps;

    private AfXdpDriver(XdpMode best, RingSizes podRings) {
        this.best = best;
        this.podRings = podRings;
    }

    /** A driver for a node, in the calling thread's network namespace. */
    public static AfXdpDriver open(NodeConfiguration.XdpMode mode) {
        return new AfXdpDriver(bestMode(mode), POD_RINGS);
    }

    /** A driver with small rings, in the calling thread's network namespace, for pods that carry little traffic. */
    public static AfXdpDriver openSmall() {
        return new AfXdpDriver(XdpMode.NATIVE_COPY, SMALL_RINGS);
    }

    private static XdpMode bestMode(NodeConfiguration.XdpMode mode) {
        if (mode.mayBeZeroCopy()) { return XdpMode.ZERO_COPY; }
        return mode == NodeConfiguration.XdpMode.NATIVE ? XdpMode.NATIVE_COPY : XdpMode.GENERIC;
    }

    @Override
    public int maxQueues(String device) {
        return interfaces.maxQueues(device);
    }

    /** An interface with zero-copy needs aligned chunks; for others the chunks are spread. */
    @Override
    public ChunkLayout chunkLayout(String device, int chunkSize) {
        boolean copying = best != XdpMode.ZERO_COPY || ZeroCopy.refusal(InterfaceNames.index(device)) != 0;
        return copying ? ChunkLayout.spread(chunkSize) : ChunkLayout.aligned(chunkSize);
    }

    @Override
    public UplinkFilter uplinkFilter() {
        return uplinkMaps();
    }

    @Override
    public Device open(Device.Spec spec, List<WorkerMemory> workers) {
        List<WorkerUmem> own = workers.stream()
            .map(worker -> umems.computeIfAbsent(worker.memory(), memory -> new WorkerUmem(worker))).toList();
        return switch (spec.kind()) {
            case PortKind.UPLINK -> openUplink(spec, own);
            case PortKind.HOST -> AfXdpDevice.open(spec, copying(HOST_RINGS), own);
            case PortKind.POD -> AfXdpDevice.open(interfaces.preparePod(spec), copying(podRings), own);
            default -> throw new IllegalArgumentException(spec.toString());
        };
    }

    private Device openUplink(Device.Spec spec, List<WorkerUmem> workers) {
        interfaces.prepareUplink(spec);
        return AfXdpDevice.open(spec,
            new AfXdpDevice.Setup(best, UPLINK_RINGS, sockets -> UplinkClassifier.load(sockets, uplinkMaps()),
                () -> interfaces.prepareGenericUplink(spec.name())),
            workers);
    }

    /** Copy mode: a veth has no zero-copy, and {@code weft-host} must not use it, because it anchors the sockets in copy mode. */
    private AfXdpDevice.Setup copying(RingSizes rings) {
        XdpMode mode = best == XdpMode.ZERO_COPY ? XdpMode.NATIVE_COPY : best;
        return new AfXdpDevice.Setup(mode, rings, PodClassifier::load, () -> {
        });
    }

    private UplinkMaps uplinkMaps() {
        if (uplinkMaps == null) {
            uplinkMaps = new UplinkMaps();
        }
        return uplinkMaps;
    }

    @Override
    public void close() {
        interfaces.close();
        if (uplinkMaps != null) {
            uplinkMaps.close();
        }
    }
}
