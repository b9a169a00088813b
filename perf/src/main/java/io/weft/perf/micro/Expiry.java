package io.weft.perf.micro;

import io.weft.dataplane.worker.Epochs;
import io.weft.lb.flow.FlowExpiry;
import io.weft.lb.flow.FlowState;
import io.weft.lb.flow.FlowTable;
import io.weft.lb.flow.FlowTimeouts;
import java.util.concurrent.TimeUnit;

/** Expires flows as the product's conductor does, the whole table in five seconds, in a thread of its own. */
final class Expiry implements AutoCloseable {
    private static final int PAUSE_MILLIS = 10;
    private static final int PAUSES_PER_PASS = 500;
    /** Flows that are not used for a while must stay. */
    private static final int LONG_SECONDS = 86_400;

    private final FlowTable flows;
    private final Epochs epochs;
    private final FlowExpiry expiry;
    private final Thread thread;
    private volatile boolean stopped;

    Expiry(FlowTable flows, Epochs epochs) {
        this.flows = flows;
        this.epochs = epochs;
        FlowTimeouts timeouts = FlowTimeouts.defaults().with(FlowState.UDP_UNREPLIED, LONG_SECONDS)
            .with(FlowState.UDP_REPLIED, LONG_SECONDS).with(FlowState.UDP_STREAM, LONG_SECONDS);
        expiry = new FlowExpiry(flows, timeouts, epochs, (forward, k0, k1) -> {});
        thread = Thread.ofPlatform().name("expiry").daemon(true).start(this::run);
    }

    private void run() {
        Processors.unpin();
        while (!stopped) {
            int second = (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
            expiry.scan(second, Math.max(1, flows.slotCount() / PAUSES_PER_PASS), null);
            epochs.advance();
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
