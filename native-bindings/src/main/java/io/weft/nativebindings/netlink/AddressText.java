package io.weft.nativebindings.netlink;

/** Addresses in their usual text form, for messages. */
final class AddressText {
    static String ipv4(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "." + (address & 0xff);
    }

    static String prefix(int address, int prefixLength) {
        return ipv4(address) + "/" + prefixLength;
    }

    static String mac(long address) {
        StringBuilder text = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            text.append(Character.forDigit((int) (address >>> shift + 4) & 0xf, 16));
            text.append(Character.forDigit((int) (address >>> shift) & 0xf, 16));
            text.append(shift > 0 ? ":" : "");
        }
        return text.toString();
    }

    private AddressText() {}
}
