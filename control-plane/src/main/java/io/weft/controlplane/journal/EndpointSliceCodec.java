package io.weft.controlplane.journal;

import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Protocol;

/** EndpointSlices in the journal. */
final class EndpointSliceCodec {
    private EndpointSliceCodec() {
    }

    static void write(EndpointSlice slice, JournalOutput out) {
        out.text(slice.namespace());
        out.text(slice.name());
        out.text(slice.serviceName());
        out.list(slice.endpoints(), endpoint -> writeEndpoint(endpoint, out));
        out.list(slice.ports(), port -> writePort(port, out));
        out.list(slice.unsupported(), out::text);
    }

    static EndpointSlice read(JournalInput in) {
        return new EndpointSlice(in.text(), in.text(), in.text(), in.list(() -> readEndpoint(in)),
            in.list(() -> readPort(in)), in.list(in::text));
    }

    private static void writeEndpoint(EndpointSlice.Endpoint endpoint, JournalOutput out) {
        out.list(endpoint.addresses(), out::address);
        out.flag(endpoint.ready());
        out.flag(endpoint.serving());
        out.flag(endpoint.terminating());
        out.text(endpoint.nodeName());
        out.list(endpoint.hints().zones(), out::text);
        out.list(endpoint.hints().nodes(), out::text);
    }

    private static EndpointSlice.Endpoint readEndpoint(JournalInput in) {
        return new EndpointSlice.Endpoint(in.list(in::address), in.flag(), in.flag(), in.flag(), in.text(),
            readHints(in));
    }

    private static EndpointSlice.Hints readHints(JournalInput in) {
        EndpointSlice.Hints hints = new EndpointSlice.Hints(in.list(in::text), in.list(in::text));
        return hints.equals(EndpointSlice.Hints.NONE) ? EndpointSlice.Hints.NONE : hints;
    }

    private static void writePort(EndpointSlice.Port port, JournalOutput out) {
        out.text(port.name());
        out.number(port.port());
        out.text(port.protocol().name());
    }

    private static EndpointSlice.Port readPort(JournalInput in) {
        return new EndpointSlice.Port(in.text(), (int) in.number(), Protocol.valueOf(in.text()));
    }
}
