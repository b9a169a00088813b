package io.weft.controlplane.journal;

import io.weft.controlplane.model.ServiceCidr;

/** ServiceCIDRs in the journal. */
final class ServiceCidrCodec {
    private ServiceCidrCodec() {
    }

    static void write(ServiceCidr range, JournalOutput out) {
        out.text(range.name());
        out.number(range.createdMillis());
        out.list(range.cidrs(), out::prefix);
        out.list(range.unsupported(), out::text);
    }

    static ServiceCidr read(JournalInput in) {
        return new ServiceCidr(in.text(), in.number(), in.list(in::prefix), in.list(in::text));
    }
}
