package io.weft.dataplane.conductor;

import io.weft.dataplane.frame.ChunkLayout;
import io.weft.dataplane.port.DeviceDriver;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.warmup.WarmUp;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Warms up a dataplane on which pods are waiting, while its workers already forward. On a busy machine the warm-up takes up to its limit of
 * 11 s. Until it ends, some frames run slowly through cold code; but pods that were cut off for so long would lose their connections.
 *
 * <p>Threads: one of its own, which {@link #close} ends and awaits.
 */
final class BackgroundWarmUp implements AutoCloseable {
    private static final Logger LOG = System.getLogger(BackgroundWarmUp.class.getName());

    private final Thread thread;
    private volatile boolean cancelled; // written by the closing thread, read by the warm-up's: no other data depends on it

    private BackgroundWarmUp(Path runDirectory, ChunkLayout layout, Overlay overlay, Supplier<DeviceDriver> drivers) {
        thread = Thread.ofPlatform().name("weft-warm-up").daemon()
            .unstarted(() -> warm(runDirectory, layout, overlay, drivers));
    }

    static BackgroundWarmUp start(Path runDirectory, ChunkLayout layout, Overlay overlay,
        Supplier<DeviceDriver> drivers) {
        BackgroundWarmUp warmUp = new BackgroundWarmUp(runDirectory, layout, overlay, drivers);
        warmUp.thread.start();
        return warmUp;
    }

    /** A failure is only logged, because the node works without a warm-up. */
    private void warm(Path runDirectory, ChunkLayout layout, Overlay overlay, Supplier<DeviceDriver> drivers) {
        try {
            WarmUp.run(runDirectory, layout, overlay, drivers, () -> cancelled);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the warm-up failed, so the first packets are slow: {0}", e.getMessage());
        }
    }

    @Override
    public void close() {
        cancelled = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
