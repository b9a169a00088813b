package io.weft.controlplane.cli;

import io.weft.controlplane.status.ControlPlaneStatus;
import io.weft.dataplane.table.LocalNode;
import io.weft.dataplane.table.Overlay;
import io.weft.dataplane.table.PeerSpec;
import io.weft.dataplane.table.PortSpec;
import io.weft.dataplane.table.TablesSizing;
import io.weft.dataplane.table.TablesWriter;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import io.weft.encap.tunnel.Encapsulation;
import io.weft.lb.service.Backend;
import io.weft.lb.service.FrontendKind;
import io.weft.lb.service.ServiceKey;
import io.weft.lb.service.ServiceSpec;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** One run of a command on a run directory, and files to run it on. */
final class CommandRun {
    record Outcome(int status, String out, String err) {
    }

    private CommandRun() {
    }

    static Outcome of(Path run, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (arguments.length > 0 && !List.of("completion", "man").contains(arguments[0])
            && !List.of(arguments).contains("--config")
            && !arguments[0].equals("shw")) {
            all.addAll(List.of("--run-directory", run.toString()));
        }
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = WeftCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
        int status = command.execute(all.toArray(String[]::new));
        return new Outcome(status, out.toString(), err.toString());
    }

    /** A node with one pod, one peer and one Service. */
    static void writeTables(Path run) {
        try (TablesWriter tables = TablesWriter.create(run, new TablesSizing(1 << 20), () -> Long.MAX_VALUE)) {
            tables.putLocal(new LocalNode("n1", IpAddress.of("192.0.2.1"), IpPrefix.of("10.244.1.0/24"),
                IpPrefix.of("10.244.0.0/16"), IpPrefix.of("10.96.0.0/16"), 1, new Overlay(Encapsulation.VXLAN, 1, 8472),
                1450, 1450, true, 61000,
                65535));
            tables.putPort(
                new PortSpec(2, 77, "weft0123456789a", IpAddress.of("10.244.1.5"), 0x02_00_00_00_00_05L, 1450));
            tables.putPeer(
                new PeerSpec(0, "n2", IpAddress.of("192.0.2.2"), 2, IpPrefix.of("10.244.2.0/24"), List.of(), true));
            tables.services()
                .put(new ServiceSpec(new ServiceKey(IpAddress.of("10.96.0.10"), 80, 6), "default/web", List.of(
                    Backend.readyHere(IpAddress.of("10.244.1.5"), 8080),
                    Backend.ready(IpAddress.of("10.244.2.7"), 8080))));
            tables.services().put(new ServiceSpec(new ServiceKey(ServiceKey.NODE_ADDRESSES, 30_080, 6),
                FrontendKind.NODE_PORT, "default/web", true, true, 60, List.of(IpPrefix.of("192.0.2.0/24")), List.of(
                    Backend.readyHere(IpAddress.of("10.244.1.5"), 8080),
                    new Backend(IpAddress.of("10.244.2.7"), 8080, Backend.SERVING))));
            tables.commit();
        }
    }

    static ControlPlaneStatus status(int attached, ControlPlaneStatus.CniInstallation cni) {
        return new ControlPlaneStatus(1, "n1", 0, System.currentTimeMillis(),
            new ControlPlaneStatus.Source("manifests", true, 0, "", List.of()), List.of(),
            new ControlPlaneStatus.Tables(1, 1, true, 0, 0, 0),
            new ControlPlaneStatus.Addresses("10.244.1.0/24", attached, 9, List.of()),
            new ControlPlaneStatus.Latency(0, 0, 0, 0, 0), Map.of(), Map.of("10.244.1.5", "default/web-0"), null,
            null, cni, List.of());
    }
}
