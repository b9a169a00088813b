package io.weft.dataplane.table;

/**
 * One generation of the tables, and what changed since the reader's last update.
 *
 * @param localChanged whether {@code tables.local()} may have changed
 * @param portsChanged whether {@code tables.ports()} may have changed
 * @param peersChanged whether {@code tables.peers()} may have changed
 * @param changed addresses whose routes or tunnel endpoints changed, or everything; valid until the next update
 * @param services addresses whose Services changed, 0.0.0.0 for those on the node's own addresses; or everything; valid until the next update
 */
public record TablesUpdate(
    TablesSnapshot tables, boolean localChanged, boolean portsChanged, boolean peersChanged,
    ChangedAddresses changed, ChangedAddresses services) {
}
