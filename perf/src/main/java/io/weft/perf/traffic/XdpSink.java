package io.weft.perf.traffic;

import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.linux.MappedMemory;
import io.weft.nativebindings.linux.NativeMemory;
import io.weft.nativebindings.netlink.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Counts and drops the UDP frames that arrive on a device, in the driver: for rates beyond those of a receiving program. Reading the
 * counters takes no system call and is possible at any time, from any thread. Order is exact as long as one group's frames arrive on one
 * processor.
 */
public final class XdpSink implements AutoCloseable {
    private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

    private final int processors;
    private final BpfMap counters;
    private final BpfMap order;
    private final MappedMemory counterMemory;
    private final MappedMemory orderMemory;
    private final BpfProgram program;
    private final BpfLink link;

    /** Attaches to {@code device} in the network namespace with that path; detaches when closed or when the process ends. */
    public XdpSink(Path namespace, String device, Expectation expectation) {
        this(namespace, device, expectation, Optional.empty());
    }

    /** The same, but test frames are redirected to the sockets of an XSKMAP instead of being dropped. */
    XdpSink(Path namespace, String device, Expectation expectation, BpfMap sockets) {
        this(namespace, device, expectation, Optional.of(sockets));
    }

    private XdpSink(Path namespace, String device, Expectation expectation, Optional<BpfMap> sockets) {
        processors = possibleProcessors();
        counters = BpfMap.mappableArray("weft_sink", SinkProgram.COUNTERS_LENGTH, processors);
        counterMemory = counters.mapMemory();
        order = BpfMap.mappableArray("weft_order", SinkProgram.ORDER_LENGTH, 1);
        orderMemory = order.mapMemory();
        program = BpfProgram.loadXdp("weft_sink", SinkProgram.assemble(expectation, counters, order, sockets));
        int ifindex = LiveFrameGenerator.ifindex(namespace, device);
        link = attach(namespace, ifindex);
    }

    private BpfLink attach(Path namespace, int ifindex) {
        try {
            return NetworkNamespace.call(namespace, () -> BpfLink.attachXdp(program, ifindex, BpfLink.Mode.NATIVE));
        } catch (RuntimeException e) {
            closeMaps();
            throw e;
        }
    }

    /** Sum over all processors. */
    public SinkCounts counts() {
        return perProcessor().stream().reduce(SinkCounts.NONE, SinkCounts::plus);
    }

    /** By receiving processor; the index is its number. */
    public List<SinkCounts> perProcessor() {
        List<SinkCounts> all = new ArrayList<>();
        for (int cpu = 0; cpu < processors; cpu++) {
            long at = counterMemory.address() + (long) cpu * counters.valueStride();
            all.add(new SinkCounts(
                NativeMemory.getLong(at + SinkProgram.FRAMES), NativeMemory.getLong(at + SinkProgram.BYTES),
                NativeMemory.getLong(at + SinkProgram.TUNNELLED), NativeMemory.getLong(at + SinkProgram.MATCHED),
                NativeMemory.getLong(at + SinkProgram.PROBES), NativeMemory.getLong(at + SinkProgram.LATE)));
        }
        return all;
    }

    /** Forgets which numbers were seen, for a generator that starts at 0 again. */
    public void forgetOrder() {
        for (int at = 0; at < SinkProgram.ORDER_LENGTH; at += Long.BYTES) {
            NativeMemory.putLong(orderMemory.address() + at, 0);
        }
    }

    @Override
    public void close() {
        link.close();
        closeMaps();
    }

    private void closeMaps() {
        program.close();
        counterMemory.close();
        orderMemory.close();
        counters.close();
        order.close();
    }

    /** The highest number that the kernel may ever give a processor, plus one: {@code 0-3} or {@code 0,2-5}. */
    private static int possibleProcessors() {
        try {
            String[] numbers = Files.readString(POSSIBLE).strip().split("[,-]", -1);
            return Integer.parseInt(numbers[numbers.length - 1]) + 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
