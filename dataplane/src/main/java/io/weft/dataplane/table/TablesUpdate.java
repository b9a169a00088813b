package io.weft.dataplane.table;

/**
 * One generation of the tables, and what changed since the reader's last update.
 *
 * @param localChanged whether {@code tables.local()} may have changed
 * @param portsChanged whether {@code tables.ports()} may have changed
 * @param peersChanged whether {@code tables.peers()} may have changed
 * @param changed addresses whose routes, tunnel endpoints or Services changed; valid until the next update
 */
public record TablesUpdate(
    TablesSnapshot tables, boolean localChanged, boolean portsChanged, boolean peersChanged,
    ChangedAddresses changed) {
}
