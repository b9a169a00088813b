/**
 * The tables that a node forwards by, in one mapped file {@code <run directory>/tables}: one process writes them
 * ({@link io.weft.dataplane.table.TablesWriter}), others read them ({@link io.weft.dataplane.table.TablesReader}).
 */
package io.weft.dataplane.table;
