package io.weft.controlplane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.weft.controlplane.model.EndpointSlice.Endpoint;
import io.weft.controlplane.model.EndpointSlice.Port;
import io.weft.encap.address.IpAddress;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointSliceTest {

    /** New objects each time; the address's last byte is the number, and a negative one is not ready. */
    private static EndpointSlice slice(int... endpoints) {
        return new EndpointSlice("default", "web-1", "web",
            IntStream.of(endpoints).mapToObj(
                n -> new Endpoint(List.of(IpAddress.ipv4(0x0AF40100 + Math.abs(n))), n > 0, true, false, "n1"))
                .toList(),
            List.of(new Port("http", 8080, Protocol.TCP)), List.of());
    }

    @Test
    void endpointsThatStayAreTheObjectsThatTheyWere() {
        EndpointSlice before = slice(1, 2, 3);
        EndpointSlice now = slice(1, -2, 3).sharing(before);
        assertEquals(slice(1, -2, 3), now);
        assertSame(before.endpoints().get(0), now.endpoints().get(0));
        assertNotSame(before.endpoints().get(1), now.endpoints().get(1));
        assertSame(before.endpoints().get(2), now.endpoints().get(2));
        assertSame(before.ports(), now.ports());
    }

    @Test
    void alsoWhereTheirPlaceInTheListIsAnother() {
        EndpointSlice before = slice(1, 2, 3, 4);
        for (EndpointSlice now : List.of(slice(4, 3, 2, 1), slice(2, 3, 4), slice(5, 1, 2, 3, 4), slice(), slice(9))) {
            EndpointSlice shared = now.sharing(before);
            assertEquals(now, shared);
            for (Endpoint endpoint : shared.endpoints()) {
                int former = before.endpoints().indexOf(endpoint);
                if (former >= 0) {
                    assertSame(before.endpoints().get(former), endpoint);
                }
            }
        }
        assertEquals(slice(1), slice(1).sharing(slice()));
    }
}
