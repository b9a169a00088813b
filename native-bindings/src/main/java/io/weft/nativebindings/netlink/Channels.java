package io.weft.nativebindings.netlink;

/**
 * A device's queues, as the driver counts them: combined ones serve both directions, others only one. Hardware mostly has combined queues,
 * veth separate ones.
 *
 * @param rxMax maximum number of receive-only queues; 0 if the device has no such kind; likewise for the other kinds
 * @param other queues for the driver's own use, such as link interrupts
 */
public record Channels(
    int rxMax, int txMax, int otherMax, int combinedMax, int rx, int tx, int other, int combined) {
    /** Queues that receive. */
    public int receiveQueues() {
        return rx + combined;
    }

    /** Queues that transmit. */
    public int transmitQueues() {
        return tx + combined;
    }

    /** Maximum number of queues for both directions at once. */
    public int maximumQueues() {
        return combinedMax > 0 ? combinedMax : Math.min(rxMax, txMax);
    }

    /** The same device with this many queues in each direction, of the kind that the driver offers. */
    public Channels withQueues(int count) {
        return combinedMax > 0
            ? new Channels(rxMax, txMax, otherMax, combinedMax, 0, 0, other, count)
            : new Channels(rxMax, txMax, otherMax, combinedMax, count, count, other, 0);
    }
}
