package io.weft.controlplane.view;

import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.flow.FlowState;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which entries of the flow table are wanted; what is empty does not restrict. Addresses and ports match before and after translation.
 *
 * @param address any of the flow's addresses lies in it
 * @param port one of the flow's ports, or ICMP identifiers
 * @param protocol IP protocol number
 * @param service {@code namespace/name} of the Service that the flow goes to
 * @param pod {@code namespace/name} of a pod of this node at either end
 * @param state by the names of {@link FlowState}
 */
public record FlowFilter(
    Optional<IpPrefix> address, Optional<Integer> port, Optional<Integer> protocol, Optional<String> service,
    Optional<String> pod, Optional<String> state) {
    public static final FlowFilter NONE = new FlowFilter(Optional.empty(), Optional.empty(), Optional.empty(),
        Optional.empty(), Optional.empty(), Optional.empty());

    /** Whether a flow whose ends have these names is wanted; an empty name is none. */
    public boolean accepts(FlowRecord flow, String fromPod, String toPod, String ofService) {
        return acceptsNumbers(flow) && service.filter(wanted -> !wanted.equals(ofService)).isEmpty()
            && pod.filter(wanted -> !wanted.equals(fromPod) && !wanted.equals(toPod)).isEmpty();
    }

    boolean accepts(FlowRecord flow, FlowNames names) {
        return acceptsNumbers(flow) && service.filter(wanted -> !wanted.equals(names.service(flow))).isEmpty()
            && pod.filter(wanted -> !wanted.equals(names.fromPod(flow)) && !wanted.equals(names.toPod(flow)))
                .isEmpty();
    }

    private boolean acceptsNumbers(FlowRecord flow) {
        return protocol.filter(wanted -> wanted != flow.protocol()).isEmpty()
            && state.filter(wanted -> !wanted.equals(FlowState.name(flow.state()))).isEmpty()
            && port.filter(wanted -> !hasPort(flow, wanted)).isEmpty()
            && address.filter(wanted -> !hasAddress(flow, wanted)).isEmpty();
    }

    private static boolean hasPort(FlowRecord flow, int port) {
        return flow.sourcePort() == port || flow.destinationPort() == port || flow.newSourcePort() == port
            || flow.newDestinationPort() == port;
    }

    private static boolean hasAddress(FlowRecord flow, IpPrefix prefix) {
        return IntStream.of(flow.source(), flow.destination(), flow.newSource(), flow.newDestination())
            .anyMatch(address -> prefix.contains(IpAddress.ipv4(address)));
    }
}
