package io.weft.encap.address;

/**
 * Parses the text of one address. IPv4 is as strict as in Kubernetes and Go's net/netip: leading zeros are refused, because some programs
 * read such an octet as octal and others as decimal. IPv6 follows RFC 4291 section 2.2. Errors: {@link IllegalArgumentException} with the
 * text and the reason.
 */
final class AddressParser {
    private static final int OCTETS = 4;
    private static final int GROUPS = 8;
    private static final int MAX_GROUP_LENGTH = 4;

    private final String text;
    private int at;

    AddressParser(String text) {
        this.text = text;
    }

    IpAddress address() {
        if (text.indexOf(':') < 0) { return IpAddress.ipv4(ipv4()); }
        if (text.indexOf('%') >= 0) { throw wrong("it has a zone, which is valid on one machine only"); }
        return ipv6();
    }

    private int ipv4() {
        int address = 0;
        for (int i = 0; i < OCTETS; i++) {
            if (i > 0 && !skip('.')) { throw wrong("it must be four decimal octets separated by dots"); }
            address = address << 8 | octet();
        }
        if (at < text.length()) { throw wrong("\"" + text.substring(at) + "\" follows the fourth octet"); }
        return address;
    }

    private int octet() {
        int start = at;
        int value = 0;
        while (at < text.length() && hexDigit(text.charAt(at)) >= 0 && hexDigit(text.charAt(at)) < 10) {
            value = 10 * value + hexDigit(text.charAt(at++));
            if (value > 0xFF) { throw wrong("an octet is above 255"); }
        }
        if (at == start) { throw wrong("it must be four decimal octets separated by dots"); }
        if (at - start > 1 && text.charAt(start) == '0') { throw wrong("an octet has leading zeros"); }
        return value;
    }

    private IpAddress ipv6() {
        int[] groups = new int[GROUPS];
        int count = 0;
        int gap = -1;
        if (text.startsWith("::")) {
            gap = 0;
            at = 2;
        }
        while (at < text.length()) {
            int start = at;
            int group = group();
            if (count == GROUPS) { throw wrong("it has more than eight groups"); }
            groups[count++] = group;
            if (at < text.length() && text.charAt(at) == '.') {
                at = start;
                int last = ipv4();
                if (count == GROUPS) { throw wrong("it has more than eight groups"); }
                groups[count - 1] = last >>> 16;
                groups[count++] = last & 0xFFFF;
            } else if (at < text.length()) {
                if (!skip(':') || at == text.length()) { throw wrong("a group of hexadecimal digits is missing"); }
                if (skip(':')) {
                    if (gap >= 0) { throw wrong("it has :: twice"); }
                    gap = count;
                }
            }
        }
        return expanded(groups, count, gap);
    }

    private int group() {
        int start = at;
        int value = 0;
        while (at < text.length() && hexDigit(text.charAt(at)) >= 0) {
            if (at - start == MAX_GROUP_LENGTH) { throw wrong("a group has more than four digits"); }
            value = value << 4 | hexDigit(text.charAt(at++));
        }
        if (at == start) { throw wrong("a group of hexadecimal digits is missing"); }
        return value;
    }

    /** @param gap index of the group before which :: stands for zeros, or -1 without :: */
    private IpAddress expanded(int[] groups, int count, int gap) {
        if (gap < 0 && count < GROUPS) { throw wrong("it has fewer than eight groups"); }
        if (gap >= 0 && count == GROUPS) { throw wrong("its :: replaces no group"); }
        long[] halves = new long[2];
        for (int i = 0; i < GROUPS; i++) {
            int zeros = GROUPS - count;
            int group = gap < 0 || i < gap ? groups[i] : i < gap + zeros ? 0 : groups[i - zeros];
            halves[i / 4] = halves[i / 4] << Short.SIZE | group;
        }
        return IpAddress.ipv6(halves[0], halves[1]);
    }

    private boolean skip(char expected) {
        boolean found = at < text.length() && text.charAt(at) == expected;
        at += found ? 1 : 0;
        return found;
    }

    /** @return the digit's value, or -1 for any other character; {@link Character#digit} alone would also accept digits of other scripts */
    private static int hexDigit(char character) {
        return character < 0x80 ? Character.digit(character, 16) : -1;
    }

    private IllegalArgumentException wrong(String why) {
        return new IllegalArgumentException("\"" + text + "\" is not an IP address: " + why);
    }
}
