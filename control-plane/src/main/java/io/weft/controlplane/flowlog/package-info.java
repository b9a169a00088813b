/** Flow records of the dataplane, with names: the latest in memory, all of them in a file if one is configured. */
package io.weft.controlplane.flowlog;
