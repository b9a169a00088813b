package io.weft.controlplane.journal;

import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;

/** Services in the journal. */
final class ServiceCodec {
    private ServiceCodec() {
    }

    static void write(Service service, JournalOutput out) {
        out.text(service.namespace());
        out.text(service.name());
        out.number(service.createdMillis());
        out.text(service.type());
        writeAddresses(service.addresses(), out);
        out.list(service.ports(), port -> writePort(port, out));
        writeBehaviour(service.behaviour(), out);
        out.list(service.unsupported(), out::text);
    }

    static Service read(JournalInput in) {
        return new Service(in.text(), in.text(), in.number(), in.text(), readAddresses(in),
            in.list(() -> readPort(in)), readBehaviour(in), in.list(in::text));
    }

    private static void writeAddresses(Service.Addresses addresses, JournalOutput out) {
        out.list(addresses.clusterIps(), out::address);
        out.list(addresses.externalIps(), out::address);
        out.list(addresses.loadBalancerIps(), out::address);
    }

    private static Service.Addresses readAddresses(JournalInput in) {
        return new Service.Addresses(in.list(in::address), in.list(in::address), in.list(in::address));
    }

    private static void writePort(Service.Port port, JournalOutput out) {
        out.text(port.name());
        out.number(port.port());
        out.text(port.protocol().name());
        out.number(port.nodePort());
    }

    private static Service.Port readPort(JournalInput in) {
        return new Service.Port(in.text(), (int) in.number(), Protocol.valueOf(in.text()), (int) in.number());
    }

    private static void writeBehaviour(Service.Behaviour behaviour, JournalOutput out) {
        out.flag(behaviour.internalLocal());
        out.flag(behaviour.externalLocal());
        out.number(behaviour.affinitySeconds());
        out.list(behaviour.sourceRanges(), out::prefix);
        out.number(behaviour.healthCheckNodePort());
        out.flag(behaviour.maglev());
    }

    private static Service.Behaviour readBehaviour(JournalInput in) {
        return new Service.Behaviour(in.flag(), in.flag(), (int) in.number(), in.list(in::prefix), (int) in.number(),
            in.flag());
    }
}
