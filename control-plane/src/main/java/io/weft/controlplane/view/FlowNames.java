package io.weft.controlplane.view;

import io.weft.dataplane.table.TablesReader;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.Ipv4Address;
import io.weft.lb.flow.FlowRecord;
import io.weft.lb.service.ServiceKey;
import java.util.HashMap;
import java.util.Map;

/** Names of the pods and Services at the ends of flows. Any thread, as long as nobody changes what it was made of. */
public final class FlowNames {
    private final Map<String, String> podNames;
    private final Map<ServiceKey, String> services;

    /**
     * Of names that the caller knows.
     *
     * @param podNames of this node's pods, by address
     * @param services by frontend
     */
    public FlowNames(Map<String, String> podNames, Map<ServiceKey, String> services) {
        this.podNames = podNames;
        this.services = services;
    }

    /** As the tables and the control plane know them now. */
    FlowNames(NodeFiles files) {
        this(files.podNames(), services(files));
    }

    /** Names of the Services in the tables, by frontend; none without tables. */
    public static Map<ServiceKey, String> services(NodeFiles files) {
        Map<ServiceKey, String> services = new HashMap<>();
        files.tables().map(TablesReader::services)
            .ifPresent(table -> table.forEach(service -> services.put(service.key(), service.name())));
        return services;
    }

    /** Of this node's pod that sends the packets; empty if there is none. */
    public String fromPod(FlowRecord flow) {
        return pod(flow.source());
    }

    /** Of this node's pod that receives the packets; empty if there is none. */
    public String toPod(FlowRecord flow) {
        return pod(flow.newDestination());
    }

    /** Of the Service whose frontend the client addressed; empty if the flow goes to none. */
    public String service(FlowRecord flow) {
        return flow.isReverse()
            ? service(flow.newSource(), flow.newSourcePort(), flow.protocol(), flow.source() != flow.newSource())
            : service(flow.destination(), flow.destinationPort(), flow.protocol(),
                flow.destination() != flow.newDestination());
    }

    private String pod(int address) {
        return podNames.getOrDefault(Ipv4Address.format(address), "");
    }

    /** @param translated only then can the address be one of the node's own with a NodePort */
    private String service(int address, int port, int protocol, boolean translated) {
        String name = services.get(new ServiceKey(IpAddress.ipv4(address), port, protocol));
        return name == null && translated
            ? services.getOrDefault(new ServiceKey(ServiceKey.NODE_ADDRESSES, port, protocol), "")
            : name == null ? "" : name;
    }
}
