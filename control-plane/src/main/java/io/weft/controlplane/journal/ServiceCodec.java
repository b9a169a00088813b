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
        out.list(service.clusterIps(), out::address);
        out.list(service.ports(), port -> writePort(port, out));
        out.list(service.unsupported(), out::text);
    }

    static Service read(JournalInput in) {
        return new Service(in.text(), in.text(), in.number(), in.text(), in.list(in::address),
            in.list(() -> readPort(in)), in.list(in::text));
    }

    private static void writePort(Service.Port port, JournalOutput out) {
        out.text(port.name());
        out.number(port.port());
        out.text(port.protocol().name());
    }

    private static Service.Port readPort(JournalInput in) {
        return new Service.Port(in.text(), (int) in.number(), Protocol.valueOf(in.text()));
    }
}
