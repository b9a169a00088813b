package io.weft.perf.change;

import io.weft.encap.tunnel.VxlanHeader;
import io.weft.perf.traffic.AfXdpReceiver;
import io.weft.perf.traffic.Expectation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Sends datagrams to the Services of a node and receives them behind its uplink, in the tunnels to their endpoints. One thread. */
final class ChangeTraffic implements AutoCloseable {
    private final TrafficCheck check;
    private final AfXdpReceiver receiver;
    private final TrafficSource source;

    /** @param perSecond datagrams; 0 for none */
    ChangeTraffic(BenchCluster cluster, Path namespace, int perSecond) {
        check = new TrafficCheck(cluster);
        if (perSecond == 0) {
            receiver = null;
            source = null;
            return;
        }
        receiver = new AfXdpReceiver(namespace, BenchNode.ROUTER_DEVICE,
            Expectation.port(BenchCluster.ENDPOINT_PORT).inTunnel(VxlanHeader.LINUX_PORT), check);
        source = new TrafficSource(cluster, namespace, perSecond).start();
    }

    /** Called by the source of changes right before each delivery. */
    void changed(BenchCluster.Change change) {
        check.changed(change);
    }

    /** Datagrams sent from now on count as late if their endpoint is removed. */
    void startCountingLate() {
        check.startCountingLate();
    }

    /** Ends it when everything has arrived. */
    ChangeRun.Traffic finish() throws IOException, InterruptedException {
        if (source == null) { return ChangeRun.Traffic.NONE; }
        source.close();
        receiver.finish();
        return new ChangeRun.Traffic(source.sent(), check.right() + check.wrong(), check.wrong(), check.late(),
            check.latestNanos() / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (source != null) {
            source.close();
            receiver.close();
        }
    }
}
