package io.weft.vmlab.demo;

/** One path of traffic through the cluster, and how the demo tests it. */
record DemoPath(String name, Trial trial) {
    /** Sends real traffic and judges what arrived. An exception counts as a failure; its message is shown. */
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
