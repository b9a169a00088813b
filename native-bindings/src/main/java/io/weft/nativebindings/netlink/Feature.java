package io.weft.nativebindings.netlink;

/**
 * One offload of a device.
 *
 * @param name the kernel's, as {@code ethtool -k} prints it below its groups: {@code rx-gro}, {@code tx-checksum-ip-generic}
 * @param active whether it is on
 * @param changeable false where {@code ethtool -k} prints [fixed]
 */
public record Feature(String name, boolean active, boolean changeable) {
    /**
     * Whether a name given by a user means this offload: the kernel's name, or ethtool's short name for it or for its group ({@code rx},
     * {@code tx}, {@code sg}, {@code tso}, {@code gso}, {@code gro}, {@code lro}, {@code rxvlan}, {@code txvlan}, {@code ntuple},
     * {@code rxhash}).
     */
    public boolean answersTo(String wanted) {
        return switch (wanted) {
            case "rx" -> name.equals("rx-checksum");
            case "tx", "tx-checksum" -> name.startsWith("tx-checksum-");
            case "sg" -> name.startsWith("tx-scatter-gather");
            case "tso" -> name.startsWith("tx-tcp") && name.endsWith("segmentation");
            case "gso" -> name.equals("tx-generic-segmentation");
            case "gro" -> name.equals("rx-gro");
            case "lro" -> name.equals("rx-lro");
            case "rxvlan" -> name.equals("rx-vlan-hw-parse");
            case "txvlan" -> name.equals("tx-vlan-hw-insert");
            case "ntuple" -> name.equals("rx-ntuple-filter");
            case "rxhash" -> name.equals("rx-hashing");
            default -> name.equals(wanted);
        };
    }
}
