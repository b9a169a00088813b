package io.weft.dataplane.table;

/**
 * The tables of one generation, and what of them is new to the reader.
 *
 * @param localChanged whether {@code tables.local()} may be another than in the last update
 * @param portsChanged whether {@code tables.ports()} may be others
 * @param peersChanged whether {@code tables.peers()} may be others
 * @param changed what routes, tunnel endpoints or Services say something else about; valid until the next update
 */
public record TablesUpdate(
    TablesSnapshot tables, boolean localChanged, boolean portsChanged, boolean peersChanged,
    ChangedAddresses changed) {
}
