package io.weft.controlplane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** How the kernel receives frames from a device: which processors get its interrupts, and who polls it. Empty if /sys does not tell. */
record DeviceInterrupts(String name, boolean isThreaded, int deferredInterrupts, int flushNanos, BitSet interruptCpus) {
    /** Empty if {@code sys} does not show the device because it is in another network namespace. */
    static Optional<DeviceInterrupts> of(Path sys, Path proc, String name) {
        Path device = sys.resolve("class/net").resolve(name);
        if (!Files.isDirectory(device)) { return Optional.empty(); }
        return Optional.of(new DeviceInterrupts(name, number(device.resolve("threaded")) != 0,
            number(device.resolve("napi_defer_hard_irqs")), number(device.resolve("gro_flush_timeout")),
            interruptCpus(device.resolve("device/msi_irqs"), proc)));
    }

    private static BitSet interruptCpus(Path list, Path proc) {
        BitSet cpus = new BitSet();
        try (Stream<Path> interrupts = Files.list(list)) {
            for (Path interrupt : interrupts.toList()) {
                Path settings = proc.resolve("irq").resolve(interrupt.getFileName());
                cpus.or(CpuList.parse(text(settings.resolve("effective_affinity_list"))));
            }
        } catch (IOException e) {
            return cpus; // no interrupts of its own: a veth, or an older bus
        }
        return cpus;
    }

    private static int number(Path file) {
        List<String> lines = text(file).lines().toList();
        return lines.isEmpty() || !lines.getFirst().matches("\\d{1,9}") ? 0 : Integer.parseInt(lines.getFirst());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
