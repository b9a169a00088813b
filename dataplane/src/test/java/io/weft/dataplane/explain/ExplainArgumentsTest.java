package io.weft.dataplane.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.encap.packet.TcpHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainArgumentsTest {
    @Test
    void aPacketWithFlags() {
        ExplainArguments parsed = ExplainArguments.parse("--from", "pod", "default/web-0", "tcp", "10.244.1.5:4000",
            "10.96.0.10:80", "--flags", "syn,ACK", "--ttl", "3", "--no-df", "-o", "json");
        assertEquals("default/web-0", parsed.pod);
        assertEquals(6, parsed.protocol);
        assertEquals("10.244.1.5", parsed.source.toString());
        assertEquals(4000, parsed.sourcePort);
        assertEquals(80, parsed.destinationPort);
        assertEquals(TcpHeader.SYN | TcpHeader.ACK, parsed.tcpFlags);
        assertEquals(3, parsed.ttl);
        assertFalse(parsed.dontFragment);
        assertTrue(parsed.json);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        udp 10.0.0.1:1 10.0.0.2             | destination 10.0.0.2: must be ADDRESS:PORT
        udp 10.0.0.1:1 10.0.0.2:70000       | destination port 70000: must be from 0 to 65535
        udp 10.0.0:1 10.0.0.2:1             | source 10.0.0:1: 10.0.0 is no IPv4 address
        icmp 10.0.0.1 10.0.0.2 --type x     | --type x is no number
        tcp 10.0.0.1:1 10.0.0.2:2 --flags Z | --flags Z: Z is none of FIN SYN RST PSH ACK URG
        udp 10.0.0.1:1                      | name a packet as PROTOCOL SOURCE DESTINATION, or a file with --pcap; see weft explain --help
        --frobnicate                        | unknown option --frobnicate; see weft explain --help
        --from node n1                      | --from node: must be --from pod NAME
        --ttl                               | --ttl needs a value; see weft explain --help
        """)
    void errorsNameWhatIsWrong(String line, String message) {
        assertEquals(message,
            assertThrows(IllegalArgumentException.class, () -> ExplainArguments.parse(line.split(" "))).getMessage());
    }
}
