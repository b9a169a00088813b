package io.weft.nativebindings.netlink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Formats addresses in messages, with the JDK: this module passes addresses as numbers and has no other text form of them. */
final class AddressText {
    private static final HexFormat OCTETS = HexFormat.ofDelimiter(":");
    private static final int MAC_BYTES = 6;

    static String ipv4(int address) {
        try {
            return InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(address).array())
                .getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    static String prefix(int address, int prefixLength) {
        return ipv4(address) + "/" + prefixLength;
    }

    static String mac(long address) {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(address).array();
        return OCTETS.formatHex(bytes, Long.BYTES - MAC_BYTES, Long.BYTES);
    }

    private AddressText() {}
}
