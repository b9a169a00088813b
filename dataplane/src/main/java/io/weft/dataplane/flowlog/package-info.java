/** Flow records: what the dataplane says of flows that begin and end, in the run directory's file {@code flow-records}. */
package io.weft.dataplane.flowlog;
