package io.weft.dataplane.explain;

import io.weft.dataplane.counters.DropReason;
import java.util.List;

/**
 * What would become of a packet.
 *
 * @param packet one line
 * @param port one line: where it arrives
 * @param cases the node as it is; then, if the packet belongs to a known flow, as if that flow did not exist
 */
public record Explanation(String packet, String port, List<Case> cases) {
    public Explanation {
        cases = List.copyOf(cases);
    }

    /** What ends a packet's path. */
    public enum Verdict {
        SENT, PUNTED, DROPPED,
        /** Kept until its next hop is resolved, or the first fragment of its datagram arrives. */
        HELD
    }

    /**
     * @param flow {@code known}, {@code new} or {@code none}
     * @param fastPath whether the fast path finishes such packets
     * @param steps the nodes in the order in which they ran
     * @param reason of a dropped packet, which may have been answered; else null
     * @param sent the frames that leave: the packet, its fragments, or the answer to it
     */
    public record Case(String flow, boolean fastPath, List<Step> steps, Verdict verdict, DropReason reason,
        List<Sent> sent) {
        public Case {
            steps = List.copyOf(steps);
            sent = List.copyOf(sent);
        }
    }

    /** @param details what the node found and decided, a line each */
    public record Step(String node, List<String> details) {
        public Step {
            details = List.copyOf(details);
        }
    }

    /**
     * @param portId to which the frame goes
     * @param text one line
     * @param bytes from the Ethernet header on
     * @param checksum a {@link io.weft.dataplane.frame.ChecksumRequest} to the device
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Sent(int portId, String port, String text, byte[] bytes, long checksum) {
    }
}
