package io.weft.controlplane.journal;

import io.weft.controlplane.model.Pod;

/** Pods in the journal. */
final class PodCodec {
    private PodCodec() {
    }

    static void write(Pod pod, JournalOutput out) {
        out.text(pod.namespace());
        out.text(pod.name());
        out.number(pod.createdMillis());
        out.text(pod.nodeName());
        out.flag(pod.hostNetwork());
        out.list(pod.podIps(), out::address);
    }

    static Pod read(JournalInput in) {
        return new Pod(in.text(), in.text(), in.number(), in.text(), in.flag(), in.list(in::address));
    }
}
