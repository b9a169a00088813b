package io.weft.dataplane.config;

import static io.weft.dataplane.config.ConfigurationKey.*;

import io.weft.dataplane.table.LocalPods;
import io.weft.dataplane.table.ServiceRules;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the node serves Services: the keys {@code services.*}.
 *
 * @param nodePortAddresses NodePorts are served on the node's addresses in these ranges; empty: on the one of its Node object
 * @param masqueradeAll whether every flow to a ClusterIP takes an address of the node as its source
 * @param localPods which clients count as pods of this node
 */
public record ServiceConfiguration(
    Optional<List<IpPrefix>> nodePortAddresses, boolean masqueradeAll, LocalPods localPods) {
    private static final String PRIMARY = "primary";
    private static final String ALL = "all";
    private static final List<IpPrefix> EVERYTHING = List.of(IpPrefix.of("0.0.0.0/0"));

    static ServiceConfiguration of(Settings settings) {
        return new ServiceConfiguration(nodePortAddresses(settings), settings.flag(SERVICES_MASQUERADE_ALL),
            settings.choice(SERVICES_LOCAL_PODS, LocalPods.class));
    }

    /**
     * The rules of a node.
     *
     * @param primary the node's address
     * @param moreServiceCidrs those besides {@code serviceCidr}
     */
    public ServiceRules rules(IpAddress primary, List<IpPrefix> moreServiceCidrs) {
        return new ServiceRules(nodePortAddresses.orElse(List.of(IpPrefix.single(primary))), masqueradeAll, localPods,
            moreServiceCidrs);
    }

    /** Ranges of IPv6 alone leave all addresses of IPv4, as in kube-proxy. */
    private static Optional<List<IpPrefix>> nodePortAddresses(Settings settings) {
        String text = settings.text(SERVICES_NODE_PORT_ADDRESSES);
        if (text.equals(PRIMARY)) { return Optional.empty(); }
        if (text.equals(ALL)) { return Optional.of(EVERYTHING); }
        List<IpPrefix> ranges = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            IpPrefix range = IpPrefix.parse(part.strip()).orElseThrow(() -> settings.wrong(
                SERVICES_NODE_PORT_ADDRESSES, "must be primary, all, or prefixes such as 192.0.2.0/24 separated by"
                    + " commas, not \"" + text + "\""));
            if (range.isIpv4() && !ranges.contains(range)) {
                ranges.add(range);
            }
        }
        if (ranges.size() > ServiceRules.MAX_RANGES) {
            throw settings.wrong(SERVICES_NODE_PORT_ADDRESSES,
                "names %d IPv4 ranges; at most %d are supported".formatted(ranges.size(), ServiceRules.MAX_RANGES));
        }
        return Optional.of(ranges.isEmpty() ? EVERYTHING : List.copyOf(ranges));
    }
}
