package io.weft.perf.compare;

import io.weft.nativebindings.process.ExternalCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Runs a device's NAPI in a kernel thread of its own, on a chosen core. */
final class NapiThread {
    private NapiThread() {}

    /**
     * @param device that has NAPI already: a program attached, or GRO on
     * @return the threads
     */
    static List<Long> pin(Path netns, String device, int core) throws IOException, InterruptedException {
        Shell.run("1", ExternalCommand.of("tee", "/sys/class/net/" + device + "/threaded").inNamespace(netns));
        List<Long> threads = CpuTime.processesNamed("napi/" + device + "-");
        if (threads.isEmpty()) {
            throw new IOException(device + " has no NAPI thread: this kernel has no threaded NAPI");
        }
        for (long thread : threads) {
            Shell.run(ExternalCommand.of("taskset", "-cp", Integer.toString(core), Long.toString(thread)));
        }
        Priority.raise(threads);
        return threads;
    }
}
