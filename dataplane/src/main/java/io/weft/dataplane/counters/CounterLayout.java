package io.weft.dataplane.counters;

/**
 * Layout of a counters file, offsets in bytes. Everything is in machine order and 8-byte aligned; a cell is one long. Readers take section
 * offsets and counts from the header, so that they can read a file of another build with the same {@link #VERSION}.
 */
final class CounterLayout {
    static final long MAGIC = 0x57454654434E5452L; // "WEFTCNTR"
    static final int VERSION = 1;
    static final int PAGE = 4096;
    static final int CELL = Long.BYTES;

    // Header
    static final int H_MAGIC = 0;
    static final int H_VERSION = 8;
    static final int H_WORKERS = 12;
    static final int H_LENGTH = 16;
    static final int H_INCARNATION = 24;
    static final int H_PID = 32;
    static final int H_STARTED_MILLIS = 40;
    static final int H_NODES = 48;
    static final int H_DROPS = 52;
    static final int H_PORT_COUNTERS = 56;
    static final int H_GAUGES = 60;
    static final int H_TEXTS = 64;
    static final int H_PORTS = 68;
    static final int H_ADJACENCIES = 72;
    /** 1 if the worker blocks end with drops by receiving port and reason; files of earlier versions have 0. */
    static final int H_PORT_DROPS = 76;
    static final int H_LABELS_AT = 80;
    static final int H_CONDUCTOR_AT = 88;
    static final int H_PORTS_AT = 96;
    static final int H_ADJACENCIES_AT = 104;
    static final int H_WORKERS_AT = 112;
    static final int H_WORKER_STRIDE = 120;
    /** Cells per node at the end of the worker blocks, for what nodes cost; files of earlier versions have 0. */
    static final int H_NODE_SAMPLES = 128;

    /** Nanoseconds and frames of the sampled batches. */
    static final int NODE_SAMPLES = 2;

    /** Labels: nodes, drops, port counters, gauges, texts, in this order; a length byte and ASCII. */
    static final int LABEL_BYTES = 48;

    /** A text: sequence word (odd during a write), length, UTF-8. */
    static final int TEXT_STRIDE = 512;
    static final int TEXT_AT = 4;
    static final int TEXT_BYTES = TEXT_STRIDE - TEXT_AT;

    // Port directory entry; a sequence word first
    static final int PORT_STRIDE = 512;
    static final int P_STATE = 4;
    static final int P_IFINDEX = 8;
    static final int P_QUEUES = 12;
    static final int P_ATTACH_ID = 16;
    static final int P_NAME = 32;
    static final int P_NAME_BYTES = 32;
    static final int P_MODE = 64;
    static final int P_MODE_BYTES = 64;
    static final int P_REASON = 128;
    static final int P_REASON_BYTES = PORT_STRIDE - P_REASON;

    // Adjacency directory entry; a sequence word first
    static final int ADJACENCY_STRIDE = 128;
    static final int A_KIND = 4;
    static final int A_IP = 8;
    static final int A_NEXT_HOP = 12;
    static final int A_RESOLVED = 16;
    static final int A_IFINDEX = 20;
    static final int A_MAC = 24;
    static final int A_NAME = 32;
    static final int A_NAME_BYTES = 64;

    // Worker block
    static final int W_HEARTBEAT = 0;
    static final int W_EPOCH = 64; // a cache line of its own: the control plane polls it
    static final int W_TOTALS = 128;
    static final int W_CELLS = 256;

    private CounterLayout() {
    }

    static long roundUp(long bytes) {
        return (bytes + PAGE - 1) & -PAGE;
    }
}
