/**
 * A node's forwarding tables, in one mapped file {@code <run directory>/tables}. One process writes them
 * ({@link io.weft.dataplane.table.TablesWriter}), others read them ({@link io.weft.dataplane.table.TablesReader}).
 */
package io.weft.dataplane.table;
