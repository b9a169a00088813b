/**
 * {@code weft explain}: what the node would do with one packet. It runs the real graph and asks the real decision, on memory ports, over the
 * node's live tables, of which it sees private copies: nothing that it does reaches the dataplane ({@code docs/adr/0015}).
 */
package io.weft.dataplane.explain;
