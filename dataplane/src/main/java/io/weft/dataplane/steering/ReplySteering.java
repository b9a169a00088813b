package io.weft.dataplane.steering;

import io.weft.dataplane.forwarding.ReplyMark;
import io.weft.encap.memory.Memory;
import io.weft.nativebindings.bpf.BpfLink;
import io.weft.nativebindings.bpf.BpfLink.Direction;
import io.weft.nativebindings.bpf.BpfMap;
import io.weft.nativebindings.bpf.BpfProgram;
import io.weft.nativebindings.linux.LinuxException;
import io.weft.nativebindings.linux.MappedMemory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Brings the replies of the node's own processes to clients of Services outside the cluster back to Weft, so that these processes see their
 * clients' addresses. The node's routes lead such replies to the uplink, as all others; only the connection tells them apart.
 *
 * <p>Three programs share a map of connections. On {@code weft-host}, one remembers the connections of packets with the {@link ReplyMark}.
 * On the uplink, one redirects the packets of such connections to {@code weft-host}, where the workers translate them; the other forgets a
 * connection whose packets reach the node's stack directly: the same client may use the same port again, without the Service. They are
 * detached when the process ends. See ADR 0015.
 *
 * <p>Thread: the conductor, in the node's network namespace. Cold code.
 */
public final class ReplySteering implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ReplySteering.class.getName());
    /** Beyond it, the connection that has been silent longest is forgotten; its next packet makes it known again. */
    private static final int MAX_CONNECTIONS = 1 << 16;
    private static final int MAC_BYTES = 6;

    private final BpfMap configuration = BpfMap.mappableArray("weft_replies", ReplyPrograms.CONFIGURATION_BYTES, 1);
    private final MappedMemory memory = configuration.mapMemory();
    private final List<BpfLink> links = new ArrayList<>();

    /**
     * Attaches the programs.
     *
     * @param gateway MAC address of the workers' end of {@code weft-host}
     * @param host that of the kernel's end
     * @return empty if the kernel cannot (before Linux 6.6), which is logged: everything else works without
     */
    public static Optional<ReplySteering> open(int hostIfindex, int uplinkIfindex, long gateway, long host) {
        try {
            ReplySteering steering = new ReplySteering(hostIfindex, uplinkIfindex);
            steering.setMacs(gateway, host);
            return Optional.of(steering);
        } catch (LinuxException e) {
            LOG.log(Level.WARNING,
                "processes of the node do not see the addresses of Services'' clients outside the cluster: {0}",
                e.getMessage());
            return Optional.empty();
        }
    }

    /** @throws LinuxException with nothing left open */
    private ReplySteering(int hostIfindex, int uplinkIfindex) {
        try (BpfMap connections = BpfMap.create(BpfMap.Type.LRU_HASH, "weft_replyconns", ReplyPrograms.KEY_BYTES,
            ReplyPrograms.VALUE_BYTES, MAX_CONNECTIONS, 0)) {
            attach(ReplyPrograms.steer(configuration, connections, hostIfindex), uplinkIfindex, Direction.EGRESS);
            attach(ReplyPrograms.forget(configuration, connections), uplinkIfindex, Direction.INGRESS);
            attach(ReplyPrograms.remember(configuration, connections), hostIfindex, Direction.INGRESS);
        } catch (LinuxException e) {
            close();
            throw e;
        }
    }

    private void attach(BpfProgram program, int ifindex, Direction direction) {
        try (program) {
            links.add(BpfLink.attachTcx(program, ifindex, direction));
        }
    }

    /** Sets the Ethernet header of steered packets, as {@link #open} does. */
    public void setMacs(long gateway, long host) {
        put(ReplyPrograms.MACS_AT, gateway);
        put(ReplyPrograms.MACS_AT + MAC_BYTES, host);
    }

    private void put(int at, long mac) {
        Memory.putU16(memory.address() + at, (int) (mac >>> 32));
        Memory.putI32(memory.address() + at + 2, (int) mac);
    }

    /** Detaches the programs. */
    @Override
    public void close() {
        links.forEach(BpfLink::close);
        memory.close();
        configuration.close();
    }
}
