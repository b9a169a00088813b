package io.weft.vmlab.demo;

/** One way that traffic takes through the cluster, and how the demo tries it. */
record DemoPath(String name, Trial trial) {
    /** Sends real traffic and judges what arrived; an exception counts as a failure and its message is shown. */
    interface Trial {
        PathResult run(String path) throws Exception;
    }

    PathResult run() {
        try {
            return trial.run(name);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return PathResult.failed(name, "interrupted");
        } catch (Exception e) {
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            return PathResult.failed(name, message.lines().findFirst().orElse(message));
        }
    }
}
